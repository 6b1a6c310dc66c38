#!/usr/bin/env perl
# What hardly anybody types or sees: rare mistakes, rare lines of the reports, rare surroundings.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use Test::More;

my ($cc) = split ' ', $ENV{CC} // 'cc';

subtest 'options' => sub {
    one_line_error(gilscope(words('bench --s=1')), 2, 'the beginning of several', qr/'--s=1' could be several/);
    one_line_error(gilscope('convoy', '--hogs=0-' . '1' x 300), 2, 'an endless range', qr/--hogs=0-1+: not counts/);
    one_line_error(gilscope(words('breakeven -q -t 1 --length=1e17 -o'), temp_folder()), 2,
        'a call without end', qr/--length: a call of about \S+ s; 10 s is the most/);
    one_line_error(gilscope('bench', '--kernel=./' . 'a' x 5000 . '.so'), 1, 'an endless name',
        qr/longer than the system allows/);
};

subtest 'a machine that is not here is for topo alone' => sub {
    my $elsewhere = {env => {HWLOC_SYNTHETIC => 'core:2 pu:2', HWLOC_THISSYSTEM => undef}};
    for my $command (qw(bench breakeven convoy)) {
        one_line_error(gilscope($elsewhere, $command, '-o', temp_folder()), 2, $command, qr/HWLOC_SYNTHETIC .*another machine/);
    }
};

subtest 'a kernel that takes no time' => sub {
    my $folder = temp_folder();
    spew("$folder/idle.c", <<'END');
#include "gilscope/kernel.h"
static uint64_t sum(uint64_t units) { return units; }
static uint64_t run(void *state, uint64_t units) { (void)state; return units; }
const struct kernel gilscope_kernel = {GILSCOPE_KERNEL_VERSION, "idle", "step", 0, 0, 0, run, sum};
END
    my $compiled = run($cc, words('-std=c17 -O1 -shared -fPIC -Iinclude -o'), "$folder/idle.so", "$folder/idle.c");
    is($compiled->{exit}, 0, 'compiles') or diag($compiled->{err});
    one_line_error(gilscope(words('breakeven -q -r 1 -T 2ms -t 1 --length=1ms'), "--kernel=$folder/idle.so", '-o', $folder),
        1, 'breakeven', qr/idle/);
    one_line_error(gilscope(words('breakeven -q -r 1 -T 2ms -t 1 --length=1e17'), "--kernel=$folder/idle.so", '-o', $folder),
        2, 'as many as one likes', qr/--length=100000000000000000: no call is for more than 1e\+15 steps/);
};

subtest 'OpenMP is kept from making teams' => sub {
    my @tiny = words('bench -q -r 1 -n 20k -t 2 -v nogil -o');
    my $result = gilscope({env => {OMP_MAX_ACTIVE_LEVELS => 0}}, @tiny, temp_folder());
    is($result->{exit}, 0, 'OMP_MAX_ACTIVE_LEVELS=0 is none of that') or diag($result->{err});
    one_line_error(gilscope({env => {OMP_THREAD_LIMIT => 1}}, @tiny, temp_folder()), 1, 'OMP_THREAD_LIMIT=1',
        qr/thread/);
};

subtest 'reports of what is rare' => sub {
    my $costs = gilscope({env => {LC_ALL => 'C.UTF-8'}}, words('costs -r 6 -T 20us -t 1 -o'), temp_folder());
    is($costs->{exit}, 0, 'costs with intervals') or diag($costs->{err});
    like($costs->{out}, qr/±/, 'which it shows');
    my $convoy = gilscope(words('convoy -r 6 -T 20ms --lock=none --hogs=0 --rate=10000000 -o'), temp_folder());
    is($convoy->{exit}, 0, 'a rate that nobody can keep up with') or diag($convoy->{err});
    like($convoy->{out}, qr/not sent|could not/, 'and that is said');
    my $trace = gilscope(words('trace -T 2ms -v nogil -t 80 -o'), temp_folder());
    is($trace->{exit}, 0, 'a trace of many threads') or diag($trace->{err});
    like($trace->{out}, qr/\d+ more in trace-threads\.csv/, 'of which the first are shown');
    my $here = gilscope(words('topo'));
    my ($cpu) = column('pu_os', topo_rows());
    my $part = run('taskset', '-c', $cpu, $GILSCOPE, 'topo');
    is($part->{exit}, 0, 'topo of one PU');
    SKIP: {
        skip 'one PU is all there is', 1 if usable_pus() < 2;
        like($part->{out}, qr/1 [^\n]*of \d+/, 'of several');
        isnt($part->{out}, $here->{out}, 'which is another picture');
    }
};

subtest 'what an interrupted run left is kept, and convoy says so' => sub {
    my $folder = temp_folder();
    my $left = "a header that is long enough\n" . "a row of an earlier run\n" x 200;
    spew("$folder/convoy.csv.part", $left);
    my $result = gilscope(words('convoy -r 1 -T 20ms --lock=none --hogs=0 -o'), $folder);
    is($result->{exit}, 0, 'the next one') or diag($result->{err});
    like($result->{err}, qr/kept beside: \S+convoy\.csv\.part/, 'it says where it is');
    is(slurp("$folder/convoy.csv.part.1"), $left, 'and there it is');
};

subtest 'interpreters: too many, and the same by another name' => sub {
    my $folder = temp_folder();
    my @fakes = map { "$folder/fake$_" } 1 .. 18;
    symlink "$ROOT/tests/fake-python", $_ for @fakes;
    my $result = gilscope(words('bench -q -r 1 -n 2k -t 1 -v serial --python='), '-o', $folder);
    is($result->{exit}, 2, 'no interpreter is none');
    $result = gilscope(words('bench -q -r 1 -n 2k -t 1 -v nogil -o'), $folder, '--python=' . join ',', @fakes);
    is($result->{exit}, 0, 'eighteen of them') or diag($result->{err});
    like($result->{err}, qr/fake17 left out: 16 interpreters are the most/, 'are too many');
    my @names = grep { m{/serial$} } column('variant', csv_rows(slurp("$folder/bench.csv")));
    my %seen;
    is(scalar(grep { !$seen{$_}++ } @names), 16, 'and each has a name of its own');
};

done_testing();
