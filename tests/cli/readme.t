#!/usr/bin/env perl
# The README says what is so: its tables are those of the example run, its options those of the
# program, its files and columns those that are written.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use Test::More;

my $readme = slurp("$ROOT/README.md");

subtest 'the tables shown are those of the example run' => sub {
    for my $name (qw(table.txt reach.txt)) {
        my $text = slurp("$ROOT/results/example/$name");
        $text =~ s/\A\s+|\s+\z//g;
        cmp_ok(length $text, '>', 200, "$name is not empty");
        ok(index($readme, "```\n$text\n```") >= 0, "$name stands in the README as it is");
    }
};

subtest 'the picture shown is in the repository' => sub {
    my @pictures = $readme =~ /!\[[^\]]*\]\(([^)]+)\)/g;
    cmp_ok(scalar @pictures, '>=', 1, 'there is a picture');
    ok(-s "$ROOT/$_", "$_ is there") for @pictures;
};

subtest 'every option of every command is described' => sub {
    for my $command (qw(bench breakeven convoy costs topo)) {
        my $help = gilscope($command, '--help')->{out};
        for my $option ($help =~ /--([a-z-]+)/g) {
            next if $option eq 'help';
            like($readme, qr/`--\Q$option\E[=`]/, "$command: --$option");
        }
    }
};

subtest 'every file named in the text exists' => sub {
    my %seen;
    my @files = grep { !$seen{$_}++ } $readme =~ m{`((?:src|include|plot|tests)/[\w./-]+)`}g;
    cmp_ok(scalar @files, '>', 5, 'files are named');
    for my $file (@files) {
        next if $file =~ m{/mine\.c$};    # the one that the reader is told to write
        ok(-e "$ROOT/$file", $file);
    }
};

subtest 'the columns are those of the files' => sub {
    for my $name (qw(bench bench-summary)) {
        my ($header) = slurp("$ROOT/results/example/$name.csv") =~ /\A([^\n]+)\n/;
        ok(index($readme, "`$header`") >= 0, "$name.csv");
    }
    my ($costs) = gilscope(qw(costs --csv -r 1 -T 20us -t 1 -o), temp_folder())->{out} =~ /\A([^\n]+)\n/;
    ok(index($readme, "`$costs`") >= 0, 'costs.csv');
    for my $name (qw(breakeven breakeven-summary breakeven-answers)) {
        my $folder = temp_folder();
        gilscope(words('breakeven -q -r 1 -T 1ms -t 1 -p none -l 1us -o'), $folder);
        my ($header) = slurp("$folder/$name.csv") =~ /\A([^\n]+)\n/;
        ok(index($readme, "`$header`") >= 0, "$name.csv");
    }
    for my $name (qw(convoy convoy-summary convoy-latency)) {
        my $folder = temp_folder();
        gilscope(words('convoy -q -r 1 -T 5ms --lock=none --hogs=0 -o'), $folder);
        my ($header) = slurp("$folder/$name.csv") =~ /\A([^\n]+)\n/;
        ok(index($readme, "`$header`") >= 0, "$name.csv");
    }
    my ($header) = gilscope('topo', '--csv')->{out} =~ /\A([^\n]+)\n/;
    ok(index($readme, "`$header`") >= 0, 'topo --csv');
};

done_testing();
