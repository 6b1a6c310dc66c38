#!/usr/bin/env perl
# Writes that fail, one after the other; descriptors and memory that run out.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../cli";
use Faults;
use Gilscope;
use Test::More;

# What README says of a disk that is full: the file's name, and the table of what was measured.
sub told_and_shown {
    my ($command) = @_;
    return sub {
        my ($result, $folder) = @_;
        return if ($result->{exit} // 1) == 0;
        my @wrong;
        push @wrong, 'the line names no file' if $result->{err} !~ /^gilscope: (cannot make the folder '|[^\n]*'\Q$folder\E\/)/m;
        my ($rows) = map { "$folder/$_.part" } $command->{files}[0];
        my @rows = -e $rows ? csv_rows(slurp($rows)) : ();
        # A hog alone is no row of the table; breakeven is quiet here.
        @rows = grep { $_->{requests} ne '' } @rows if $command->{name} eq 'convoy';
        push @wrong, 'no table' if $result->{out} eq '' && @rows && $command->{name} ne 'breakeven';
        return @wrong;
    };
}

for my $command (@SOME) {
    subtest "$command->{name}: the disk is full at the n-th write" => sub {
        each_n($command, 'FAIL_WRITE', {}, told_and_shown($command));
        each_n($command, 'FAIL_WRITE', {FAIL_ON => 1}, told_and_shown($command));
    };
}

# The last ones of a run give the files their final names.
for my $command ($FULL ? () : @SOME) {
    subtest "$command->{name}: the disk is full when all is written" => sub {
        my $from = Faults::calls_of($command, 'FAIL_WRITE') - 3 * @{$command->{files}};
        each_n($command, 'FAIL_WRITE', {}, told_and_shown($command), $from);
        each_n($command, 'FAIL_WRITE', {FAIL_ON => 1}, told_and_shown($command), $from);
    };
}

for my $command (@SOME) {
    subtest "$command->{name}: no file descriptor at the n-th open" => sub {
        each_n($command, 'FAIL_OPEN', {FAIL_ON => 1});
        each_n($command, 'FAIL_OPEN', {}) if $FULL;
    };
}

for my $command (@SOME) {
    subtest "$command->{name}: no memory at the n-th call" => sub {
        each_n($command, 'FAIL_MEMORY', {});
    };
}

done_testing();
