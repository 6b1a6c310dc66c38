#!/usr/bin/env perl
# What is kept of the fuzzers, seeds and found cases, is tried again by the ordinary build: each target
# in tests/fuzz/ has to come through all of them. Then some hundred CSV files that are damaged.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../cli";
use Gilscope;
use Test::More;

my ($cc) = split ' ', $ENV{CC} // 'cc';
my $build = $ENV{BUILD} // '.build/' . $cc =~ s{.*/}{}r;

sub files_of {
    my ($name) = @_;
    return map { my $folder = "tests/fuzz/$_/$name"; map { "$folder/$_" } names_in($folder) } qw(seeds found);
}

my @targets = map { /^fuzz_(\w+)\.c$/ ? $1 : () } names_in('tests/fuzz');
cmp_ok(scalar @targets, '>=', 5, 'there are targets');

for my $name (@targets) {
    my @files = files_of($name);
    cmp_ok(scalar @files, '>=', 3, "$name has seeds");
    SKIP: {
        skip "no $build/tests/fuzz_$name: 'make units' builds it", 1 if !-x "$build/tests/fuzz_$name";
        my $result = run("$build/tests/fuzz_$name", @files);
        is($result->{exit}, 0, "$name comes through " . @files . ' files')
            or diag((split /^/, $result->{err})[-3 .. -1]);
    }
}

is_deeply([grep { my $name = $_; !grep { $_ eq $name } @targets, 'csv' } names_in('tests/fuzz/found')], [],
    'nothing found is without a target');

SKIP: {
    skip 'no awk here', 1 if !have('awk');
    my $result = run('tests/fuzz/csv', 5, 'SEED=1', 'RUNS=60');
    is($result->{exit}, 0, 'the readers of CSV take or refuse what is damaged') or diag($result->{err});
}

done_testing();
