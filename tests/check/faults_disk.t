#!/usr/bin/env perl
# Writes that fail, one after the other; descriptors and memory that run out.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../cli";
use Faults;
use Gilscope;
use Test::More;

for my $command (@SOME) {
    subtest "$command->{name}: the disk is full at the n-th write" => sub {
        each_n($command, 'FAIL_WRITE', {});
        each_n($command, 'FAIL_WRITE', {FAIL_ON => 1});
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
