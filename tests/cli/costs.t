#!/usr/bin/env perl
# gilscope costs: every cost once in every place, files and streams, one PU, signals, wrong options.
# How long anything takes is no matter here.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use Test::More;
use Time::HiRes ();

my @small = words('costs -r 2 -T 20us');
my $pus = usable_pus();
my @teams = words('parallel barrier critical lock');
my @locks = words('gil ticks critical');
my @alone = ('critical free', (map { "lock $_ free" } @locks), 'call countdown', 'unit countdown',
    words('look fork'));
my @pools = words('dispatch pool');
my $header = 'cost,threads,distance,reps,inner,reference_s,raw_s,overhead_s,overhead_lo,overhead_hi,noisy';

sub is_number { return $_[0] =~ /\A-?\d+(?:\.\d+)?(?:e[-+]\d+)?\z/ }

sub check_rows {
    my ($reps, @rows) = @_;
    my @wrong = grep {
        my $row = $_;
        !($row->{reps} == $reps
            && $row->{inner} > 0
            && !(grep { !is_number($row->{$_}) } words('reference_s raw_s overhead_s overhead_lo overhead_hi'))
            && $row->{raw_s} > 0
            && $row->{reference_s} >= 0
            && $row->{overhead_lo} <= $row->{overhead_s}
            && $row->{overhead_s} <= $row->{overhead_hi}
            && $row->{noisy} =~ ($reps < 6 ? qr/\A\z/ : qr/\A[01]\z/));
    } @rows;

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply([map { $_->{cost} } @wrong], [], 'sane numbers in every row');
    return;
}

sub names_of { return sort map { "$_->{cost}/$_->{threads}" } @_ }

subtest 'every cost is there once for each thread count' => sub {
    my $folder = temp_folder();
    my @threads = $pus > 1 ? (1, 2) : (1);
    my $result = gilscope(@small, '-t', join(',', @threads), '-o', $folder);
    is($result->{exit}, 0, 'done') or diag($result->{err});
    is(join(' ', names_in($folder)), 'costs-machine.csv costs.csv', 'two files');
    is($result->{err}, "wrote $folder/costs.csv, costs-machine.csv\n", 'which it names');
    my $text = slurp("$folder/costs.csv");
    is(field_names($text), $header, 'the columns');
    my @rows = csv_rows($text);
    check_rows(2, @rows);
    my @expected = (map { my $t = $_; map { "$_/$t" } @teams } @threads);
    push @expected, (map { "$_/1" } @alone), map { "$_/2" } @pools;
    is_deeply([names_of(grep { $_->{distance} eq '' } @rows)], [sort @expected], 'all of them');
    my @pairs = grep { $_->{distance} ne '' } @rows;
    my %distances = map { $_->{distance} => 1 } @pairs;
    ok(($pus > 1) == (@pairs > 0), 'hand-offs where there are two PUs');
    is(scalar(@pairs), @locks * keys %distances, 'of each lock over each distance');
    is_deeply([grep { $_->{threads} != 2 } @pairs], [], 'by two threads');
    my %of = map { $_->{cost} => $_ } @rows;
    is($of{$_}{reference_s}, 0, "$_: nothing is subtracted") for qw(dispatch pool fork);
    cmp_ok($of{'lock gil free'}{reference_s}, '>', 0, 'but from a lock');
    # The table has the same rows.
    for my $row (@rows) {
        my $place = $row->{distance} ne '' ? "$row->{threads}, $row->{distance}" : $row->{threads};
        like($result->{out}, qr/^\Q$row->{cost}\E +\Q$place\E  /m, "$row->{cost}");
    }
    is_deeply([grep { length > 80 } split /\n/, $result->{out}], [], 'no line is longer than 80');
    unlike($result->{out}, qr/\b(?:nan|inf)\b/i, 'numbers');
    my $words = $result->{out} =~ s/\s+/ /gr;
    my $time = qr/-?[\d.]+ [num]?s/;
    like($words, qr/ 'with nogil: pass' is [^:]*: $time in the model \(range of 2 blocks: $time to $time\)\. /,
        'and what Python people look for');
};

subtest 'the costs of another kernel' => sub {
    my $folder = temp_folder();
    my $result = gilscope(@small, qw(-t 1 --csv --kernel=triad -o), $folder);
    is($result->{exit}, 0, 'done') or diag($result->{err});
    is(join(' ', sort grep { /triad|countdown/ } column('cost', csv_rows($result->{out}))), 'call triad unit triad',
        'are those of a call and of a unit');
    SKIP: {
        skip 'no compiler', 2 if !have($ENV{CC} // 'cc');
        my $cc = $ENV{CC} // 'cc';
        spew("$folder/fickle.c", <<"END");
#include "gilscope/kernel.h"
static _Thread_local uint64_t calls;
static uint64_t run(void *state, uint64_t units) { (void)state; return units + (++calls > 1000); }
const struct kernel gilscope_kernel = {.version = GILSCOPE_KERNEL_VERSION, .name = "fickle", .unit = "byte", .run = run};
END
        is(system("$cc -O2 -fPIC -shared -I'$ROOT/include' '$folder/fickle.c' -o '$folder/fickle.so'"), 0, 'a plug-in');
        one_line_error(gilscope(@small, qw(-t 1 -q -o), $folder, "--kernel=$folder/fickle.so"), 1, 'that changes its mind',
            qr/the kernel fickle returned different checksums/);
    }
};

subtest 'where it was measured, and how to do it again' => sub {
    my $folder = temp_folder();
    spew("$folder/machine.csv", "of bench\n");
    gilscope(@small, words('-q -t 1 --seed=77 -o'), $folder);
    my %fact = csv_table(slurp("$folder/costs-machine.csv"));
    is(join(' ', sort keys %fact), 'command_line compiler cores cpu cpukinds date governor hwloc kernel numa_nodes '
        . 'openmp packages pus seed usable_pus', 'the facts');
    is($fact{seed}, 77, 'the seed');
    is($fact{command_line}, "gilscope @small -q -t 1 --seed=77 -o $folder", 'the command line');
    is($fact{usable_pus}, $pus, 'the machine');
    like($fact{date}, qr/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\z/, 'the date');
    is(slurp("$folder/machine.csv"), "of bench\n", "and bench's own stays as it is");
    gilscope(@small, words('-q -t 1 -o'), $folder);
    like({csv_table(slurp("$folder/costs-machine.csv"))}->{seed}, qr/\A[1-9]\d*\z/, 'a seed from the clock, too');
};

subtest 'six blocks are enough to tell what is noisy' => sub {
    my $result = gilscope(words('costs -r 6 -T 20us -t 1 --csv -o'), temp_folder());
    check_rows(6, csv_rows($result->{out}));
};

subtest '--csv, --quiet' => sub {
    my $folder = temp_folder();
    my $result = gilscope(@small, qw(-t 1 --csv -o), $folder);
    is($result->{out}, slurp("$folder/costs.csv"), 'the rows of the file');
    $result = gilscope(@small, qw(-t 1 -q -o), $folder);
    is("$result->{exit}$result->{out}$result->{err}", '0', 'nothing is said');
    check_rows(2, csv_rows(slurp("$folder/costs.csv")));
};

subtest 'one PU, and more threads than PUs' => sub {
    plan(skip_all => 'no taskset here') if !have('taskset');
    my ($first) = map { $_->{pu_os} } topo_rows();
    my $folder = temp_folder();
    my $result = run('taskset', '-c', $first, $GILSCOPE, @small, words('-t 1,2,7 -o'), $folder);
    is($result->{exit}, 0, 'done') or diag($result->{err});
    is_deeply([names_of(csv_rows(slurp("$folder/costs.csv")))],
        [sort((map { "$_/1" } @teams, @alone), map { "$_/2" } @pools)], 'what one thread can do');
    like($result->{out}, qr/^Left out: 2 to 7 threads, for 1 PU is usable\.$/m, 'the rest is left out');
    like($result->{out}, qr/^Left out: hand-offs, /m, 'and so are hand-offs');
};

subtest 'where output cannot go' => sub {
    my $here = temp_folder();
    spew("$here/file", "mine\n");
    one_line_error(gilscope(@small, '-o', "$here/file/x"), 1, 'no folder', qr/--output/);
    plan(skip_all => 'no /dev/full here') if !-w '/dev/full';
    my $result = gilscope({stdout => '/dev/full'}, @small, qw(-t 1 -q --csv -o), $here);
    is($result->{exit}, 1, 'a full disk');
    like($result->{err}, qr/\Agilscope: cannot write to standard output: No space/, 'why');
};

subtest 'options that are wrong' => sub {
    my $here = temp_folder();
    one_line_error(gilscope(qw(costs -r 0 -o), $here), 2, '-r 0', qr/--reps=0: not a whole number/);
    one_line_error(gilscope(qw(costs -T 1 -o), $here), 2, '-T 1', qr/--time=1: not a time/);
    one_line_error(gilscope(qw(costs -t 2-1 -o), $here), 2, '-t 2-1', qr/--threads=2-1: not thread counts/);
    one_line_error(gilscope(qw(costs --pin=core -o), $here), 2, '--pin', qr/unknown option '--pin=core'/);
    one_line_error(gilscope({env => {HWLOC_SYNTHETIC => 'core:2 pu:1'}}, @small, '-o', $here),
        2, 'another machine', qr/only run on this one/);
    is_deeply([names_in($here)], [], 'nothing is written');
};

subtest 'what OpenMP is told' => sub {
    plan(skip_all => 'one PU') if $pus < 2;
    my $here = temp_folder();
    one_line_error(gilscope({env => {OMP_THREAD_LIMIT => 1}}, @small, qw(-t 2 -o), $here),
        1, 'a limit', qr/OMP_THREAD_LIMIT/);
    is_deeply([names_in($here)], [], 'no file is begun');
    for my $env ({OMP_NUM_THREADS => 1}, {OMP_DYNAMIC => 'true'}, {OMP_PROC_BIND => 'close'}) {
        my $result = gilscope({env => $env}, @small, qw(-t 2 -o), $here);
        is($result->{exit}, 0, join '=', %$env) or diag($result->{err});
        check_rows(2, csv_rows(slurp("$here/costs.csv")));
    }
};

for my $signal ([INT => 2], [TERM => 15]) {
    my ($name, $number) = @$signal;
    subtest "SIG$name in the middle of a run" => sub {
        my $folder = temp_folder();
        my $job = start($GILSCOPE, words('costs -r 1000 -T 2ms -t 1 -o'), $folder);
        ok(poll_until(sub { slurp("$folder/costs.csv.part") =~ /^fork,1,,(\d+),/m && $1 >= 3 if -e "$folder/costs.csv.part" }),
            'the file has what was measured after every block');
        send_signal($name => $job);
        my $result = finish($job, 20);
        is($result->{exit}, 128 + $number, "exit code 128 + $number");
        is_deeply([names_in($folder)], ['costs-machine.csv.part', 'costs.csv.part'], 'nothing is called complete');
        my @rows = csv_rows(slurp("$folder/costs.csv.part"));
        cmp_ok(scalar(@rows), '>=', @teams + @alone + @pools, 'the rows are kept');
        is_deeply([grep { $_->{reps} < 3 || $_->{inner} < 1 } @rows], [], 'with what they had');
        like($result->{err}, qr/^not complete: .*costs\.csv\.part$/m, 'it says where');
        like($result->{out}, qr/^fork /m, 'and shows the table');
        is(gilscope(@small, qw(-t 1 -o), $folder)->{exit}, 0, 'the next run');
        is(join(' ', names_in($folder)), 'costs-machine.csv costs.csv costs.csv.part.1', 'keeps it under another name');
    };
}

# Long measurements are cut up: Ctrl-C does not wait for their end.
subtest 'Ctrl-C in a measurement of an hour' => sub {
    my $folder = temp_folder();
    my $job = start($GILSCOPE, words('costs -r 1 -T 3600s -t 1 -o'), $folder);
    ok(poll_until(sub { -e "$folder/costs.csv.part" }), 'it runs');
    Time::HiRes::sleep(1);
    send_signal(INT => $job);
    is(finish($job, 20)->{exit}, 130, 'it ends');
    my @left = Gilscope::children_of($job->{pid});
    is_deeply(\@left, [], 'and no process is left');
};

done_testing();
