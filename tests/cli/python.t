#!/usr/bin/env perl
# Interpreters beside their models: which are run, what they write, what happens to the run when one
# misbehaves, and that none is left behind. Most with a fake one (tests/fake-python).
use strict;
use warnings;
use Cwd qw(abs_path);
use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use List::Util qw(uniq);
use Test::More;

my $FIDELITY_HEADER = 'interpreter,mode,model,threads,interpreter_speedup,interpreter_lo,'
    . 'interpreter_hi,model_speedup,model_lo,model_hi,ratio';

delete $ENV{GILSCOPE_PYTHON};
my $fakes = temp_folder();
mkdir "$fakes/a folder with blanks" or die;

# The fake that behaves so.
sub fake {
    my ($behaviour) = @_;
    my $path = "$fakes/a folder with blanks/$behaviour";
    symlink "$ROOT/tests/fake-python", $path if !-e $path;
    return $path;
}

# bench with these interpreters; what finish() gives, the folder, and the rows of bench.csv.
sub bench {
    my ($python, @options) = @_;
    my $folder = temp_folder();
    my @time = (grep { /^--count/ } @options) ? () : '--time=2ms';
    my $result = gilscope('bench', "--python=$python", '--reps=1', @time, '--threads=1,2',
        @options, "--output=$folder");
    my $name = -e "$folder/bench.csv" ? 'bench.csv' : 'bench.csv.part';
    return ($result, $folder, csv_rows(slurp("$folder/$name")));
}

sub cases_of {
    my ($pattern, @rows) = @_;
    return join ' ', sort map { join '|', @$_{qw(variant pin threads)} }
        grep { $_->{variant} =~ $pattern } @rows;
}

sub gone { return poll_until(sub { !grep { alive($_) } @_ }, 20) }
sub pids_in { return -e $_[0] ? split ' ', slurp($_[0]) : () }

my $good_cases = join ' ', sort map { "cpython-3.11/$_" }
    qw(serial|none|1 threads|none|1 threads|none|2 pool|none|1 pool|none|2);

subtest 'an interpreter becomes rows like any other' => sub {
    my ($result, $folder, @rows) = bench(fake('good'), '--reps=2', '--pin=core,none');
    is($result->{exit}, 0, 'a run') or diag($result->{err});
    like($result->{err}, qr{^gilscope: cpython-3\.11/nogil left out: none here}m, 'a mode it lacks');
    is(cases_of(qr{/}, grep { $_->{rep} == 2 } @rows), $good_cases, 'its cases, in each block');
    my @guests = grep { $_->{variant} =~ m{/} } @rows;
    my %serial = map { $_->{rep} => $_ } grep { $_->{variant} =~ m{/serial} } @guests;
    for my $row (@guests) {
        near($row->{speedup}, $row->{rate_per_s} / $serial{$row->{rep}}{rate_per_s},
            "$row->{variant}: speedup over its own serial run");
        if ($row->{variant} =~ /pool/) {
            cmp_ok($row->{startup_s}, '<', $row->{wall_s}, 'start-up is part of the time');
        } else {
            is($row->{startup_s}, '', 'start-up is not known');
        }
    }
    like($result->{out}, qr/^Python: speedup over each one's own serial run, pin none/m, 'a table');
    like($result->{out}, qr/^The interpreters beside their models/m, 'a section');
    unlike($result->{out}, qr/ !$/m, 'two blocks show no pair to be apart');
    my $sentences = $result->{out} =~ s/\s+/ /gr;
    my ($agree, $all, $apart, $undecided) = $sentences
        =~ /(\d+) of (\d+) pairs agree within 5 %, (\d+) (?:is|are) apart, (\d+) (?:is|are) undecided/;
    is($agree + $apart + $undecided, $all, 'a sentence counts the pairs');
    is($undecided, scalar(() = $result->{out} =~ / \?$/mg), 'the undecided ones are marked');
    is(scalar(() = $result->{out} =~ /^\? undecided: /mg), $undecided > 0, 'and the mark is explained');
    is(scalar(grep { length > 100 } split /\n/, $result->{out}), 0, 'no line is longer than 100 columns');
    like({csv_table(slurp("$folder/machine.csv"))}->{interpreters}, qr/^cpython-3\.11 \(3\.11\.7\)$/,
        'named in machine.csv');
};

subtest 'fidelity.csv sets each beside its model' => sub {
    my ($result, $folder, @rows) = bench(fake('good') . ',' . fake('python2.7'), '--pin=core,none');
    my $text = slurp("$folder/fidelity.csv");
    is(field_names($text), $FIDELITY_HEADER, 'its columns');
    my @pairs = csv_rows($text);
    is(join(' ', map { "$_->{interpreter}/$_->{mode}=$_->{model}:$_->{threads}" } @pairs),
        join(' ', map { my $i = $_;
            map { my $m = $_; map { "$i->[0]/$m->[0]=$m->[1]:$_" } 1, 2 } $i->[1], ['pool', 'pool'] }
            ['cpython-3.11', ['threads', 'gil']], ['cpython-2.7', ['threads', 'ticks']]),
        'the pairs, in the order of the list');
    my %row = map { join('|', @$_{qw(variant pin threads)}) => $_ } @rows;
    for my $pair (@pairs) {
        my ($name, $threads) = ("$pair->{interpreter}/$pair->{mode}", $pair->{threads});
        near($pair->{ratio}, $pair->{interpreter_speedup} / $pair->{model_speedup}, "$name $threads: ratio");
        my $own = $row{"$name|none|$threads"};
        my $work_s = $own->{wall_s} - ($own->{startup_s} || 0);
        near($pair->{interpreter_speedup},
            $own->{count} / $work_s / $row{"$pair->{interpreter}/serial|none|1"}{rate_per_s},
            'its speedup, a pool\'s that of its map alone');
        next if $threads == 1;
        near($pair->{model_speedup}, $row{"$pair->{model}|none|$threads"}{speedup},
            'that of the model, pinned no more than it is');
    }
};

subtest 'one that counts in C is compared over its own one thread, as is its model' => sub {
    my ($result, $folder, @rows) = bench(fake('free'), '--pin=none');
    my @pairs = grep { $_->{mode} eq 'nogil' } csv_rows(slurp("$folder/fidelity.csv"));
    is(join(' ', map { "$_->{model}:$_->{threads}" } @pairs), 'nogil:2', 'one thread is no pair');
    my %rate = map { ("$_->{variant}:$_->{threads}" => $_->{rate_per_s}) } @rows;
    near($pairs[0]{model_speedup}, $rate{'nogil:2'} / $rate{'nogil:1'}, 'the model');
    near($pairs[0]{interpreter_speedup},
        $rate{'cpython-3.11t/nogil:2'} / $rate{'cpython-3.11t/nogil:1'}, 'the interpreter');
};

subtest 'the chunk of ticks is as long as that of the interpreter beside it' => sub {
    my $model = '--variant=ticks,critical';
    my ($result, $folder, @rows) = bench(fake('python2.7'), $model);
    my %chunk = map { ($_->{variant} => $_->{chunk}) } @rows;
    cmp_ok($chunk{ticks}, '>', 9.9 * $chunk{critical}, 'ten times the default, as that one says');
    cmp_ok($chunk{ticks}, '<', 10.1 * $chunk{critical}, 'and no more');
    like($result->{out}, qr/^ticks looks at its lock every 5\.20 us, as cpython-2\.7 was seen to do here\.$/m, 'which is told');
    ($result, $folder, @rows) = bench(fake('python2.7'), $model, '--chunk=1000');
    is(join(' ', sort(uniq(map { "$_->{variant} $_->{chunk}" } grep { $_->{chunk} } @rows))), 'critical 1000 ticks 1000', '--chunk is for both');
    unlike($result->{out}, qr/looks at its lock/, 'and nothing is told');
    (undef, undef, @rows) = bench(fake('good'), $model);
    is(scalar(uniq(map { $_->{chunk} } grep { $_->{chunk} } @rows)), 1, 'beside one that says nothing the default');
};

subtest 'without --pin there is something to compare with' => sub {
    my ($result, $folder, @rows) = bench(fake('python2.7'));
    is(join(' ', sort(uniq(column('pin', grep { $_->{variant} eq 'gil' } @rows)))), 'core none',
        'models run unpinned too');
    is(join(' ', map { "$_->{mode}:$_->{threads}" } csv_rows(slurp("$folder/fidelity.csv"))),
        'threads:1 threads:2 pool:1 pool:2', 'pairs, though this interpreter cannot bind');
    (undef, undef, @rows) = bench('none');
    is(join(' ', uniq(column('pin', @rows))), 'core', 'without interpreters core alone');
};

subtest 'who misbehaves costs its own rows, and a line' => sub {
    my %line = (
        garbage => qr/interpreter left out: .*garbage: is no Python: it answers with 'Hello, I am no Python'/,
        'dies-at-start' => qr/interpreter left out: .*dies-at-start: ended \(exit code 3\): fake: out of luck/,
        shim => qr/interpreter left out: .*shim: ended \(exit code 127\): shim: python2\.7: command not found$/,
        commands => qr/interpreter left out: .*commands: ended \(exit code 3\): \?\[2Jgone$/,
        dies => qr{left out: cpython-3\.11/threads, [12] threads?: ended \(exit code 4\): fake: Segm},
        killed => qr{left out: cpython-3\.11/threads, [12] threads?: ended \(signal 9\); cpython-3\.11 is not asked again$},
        garbles => qr{left out: cpython-3\.11/threads, [12] threads?: answered with '3\.14 and so on'},
        errs => qr{left out: cpython-3\.11/threads, [12] threads?: ValueError: not today; this mode is not asked again$},
        understates => qr{left out: cpython-3\.11/threads, [12] threads?: says that it took 0\.001 s},
        lies => qr{left out: cpython-3\.11/serial, 1 thread: says that it took -3\d{3} s, when},
        miscounts => qr{left out: cpython-3\.11/serial, 1 thread: did \d+ of \d+ decrements},
        'dies-later' => qr{left out: cpython-3\.11/threads, [12] threads?: ended \(exit code \d+\): fake: enough},
    );
    for my $behaviour (sort keys %line) {
        my ($result, $folder, @rows) = bench(fake($behaviour), '--pin=core');
        my $gave = grep { $_->{variant} =~ m{/} } @rows;
        is($result->{exit}, $gave ? 0 : 1, "$behaviour: the run goes on, with " . ($gave ? 'some' : 'no') . ' row of it');
        is(scalar(() = $result->{err} =~ /^gilscope: --python=.*: nothing was measured of it/mg), $gave ? 0 : 1, 'told where it is none');
        my @told = grep { !m{/nogil left out|nothing was measured} } $result->{err} =~ /^(gilscope: .*)$/mg;
        is(scalar @told, 1, 'one line') or diag($result->{err});
        like($told[0], $line{$behaviour}, 'that says why');
        is(scalar(grep { $_->{variant} !~ m{/} } @rows), 15, 'our own rows are there');
        is(join(' ', grep { /part/ } names_in($folder)), '', 'and complete');
    }
    my ($lost, undef, @rows) = bench(fake('errs'));
    is(cases_of(qr{/pool}, @rows), 'cpython-3.11/pool|none|1 cpython-3.11/pool|none|2',
        'an exception costs its own mode alone');
    like($lost->{out}, qr{^cpython-3\.11/pool}m, 'what is left has a row in the table');
    unlike($lost->{out}, qr{^cpython-3\.11/threads}m, 'what is lost has none');
    spew("$fakes/text", "exit 0\n");
    chmod 0755, "$fakes/text";
    my ($text) = bench("$fakes/text", '--pin=core', '--threads=2');
    like($text->{err}, qr{text: cannot run it: it is not an executable$}m, 'a text is no program');
    my ($result) = bench('/no such/python, ' . fake('good'));
    like($result->{err}, qr{^gilscope: interpreter left out: /no such/python: cannot run it: No such file}m,
        'one that is missing');
    like($result->{out}, qr{^cpython-3\.11/threads}m, 'and the next is run');
    is($result->{exit}, 0, 'which is enough');
};

subtest 'an interpreter asked for by name that gives nothing fails the run at its end' => sub {
    my $missing = '/no such/python';
    for my $command ('bench -r1 -T1ms -t1 -v gil', 'breakeven -r1 -T1ms -t1 -p none -l 1us', 'convoy -r1 -T10ms --lock=none --hogs=0') {
        my ($name) = $command =~ /^(\w+)/;
        my $folder = temp_folder();
        my $result = gilscope(words($command), "--python=$missing", '-o', $folder);
        is($result->{exit}, 1, "$name: exit code 1");
        like($result->{err}, qr{^gilscope: --python=\Q$missing\E: nothing was measured of it[^\n]*\n\z}m, 'the last line says so');
        ok(-s "$folder/$name.csv", 'the rest is complete');
        my $auto = gilscope({env => {PATH => '/nowhere'}}, words($command), '--python=auto', '-q', '-o', temp_folder());
        is($auto->{exit}, 0, 'auto may find none');
    }
};

subtest 'a failure of our own beside an interpreter is not blamed on it' => sub {
    my $folder = temp_folder();
    # From the moment that the file is there nothing can be bound any more.
    spew("$folder/no-binding.c", <<'END');
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set)
{
    if (access(getenv("FAKE_BREAKS"), F_OK) == 0) {
        errno = EPERM;
        return -1;
    }
    return syscall(SYS_sched_setaffinity, pid, size, set);
}
END
    my %with = (FAKE_BREAKS => "$folder/broken", LD_PRELOAD => "$folder/no-binding.so");
    my $built = shell('$1 -shared -fPIC -o "$2" "$3"', $ENV{CC} // 'cc', $with{LD_PRELOAD}, "$folder/no-binding.c");
    plan skip_all => 'no compiler' if $built->{exit} != 0;
    # A sanitizer wants to be loaded first.
    plan skip_all => 'nothing can be preloaded' if run({env => \%with}, $GILSCOPE, '--version')->{exit} ne '0';
    my $result = gilscope({env => \%with}, qw(bench --reps=1 --time=1ms --threads=2), '--python=' . fake('breaks'),
        '-o', "$folder/results");
    ok(-e $with{FAKE_BREAKS}, 'binding ceased to work beside an interpreter');
    is($result->{exit}, 1, 'which ends the run');
    unlike($result->{err}, qr{^gilscope: left out}m, 'and is no fault of the interpreter');
    like($result->{err}, qr{^gilscope: .*usable PUs again \(Operation not permitted\)$}m, 'a line says what failed') or diag($result->{err});
};

subtest 'which are run' => sub {
    my $folder = temp_folder();
    fake_command($folder, 'python3', "exec '" . fake('python3.10') . "' \"\$@\"");
    my %with = (PATH => "$folder:$ENV{PATH}");
    my @tiny = qw(bench --reps=1 --time=1ms --threads=2);
    my $names = sub {
        my ($environment, @options) = @_;
        my $output = temp_folder();
        my $result = gilscope({env => {%with, %$environment}}, @tiny, @options, '-o', $output);
        is($result->{exit}, 0, "@options") or diag($result->{err});
        return join ' ', sort(uniq(map { s{/.*}{}r } grep { m{/} } column('variant',
            csv_rows(slurp("$output/bench.csv")))));
    };
    is($names->({}), 'cpython-3.10', 'python3 on the PATH');
    is($names->({}, '--python=auto'), 'cpython-3.10', 'auto is the same');
    is($names->({}, '--python=none'), '', 'none');
    is($names->({GILSCOPE_PYTHON => 'none'}), '', 'GILSCOPE_PYTHON is the default');
    is($names->({GILSCOPE_PYTHON => 'none'}, '--python=python3'), 'cpython-3.10', 'which --python overrides');
    is($names->({}, '--variant=gil'), '', '--variant says what to run');
    is($names->({}, '--variant=gil', '--python=auto'), 'cpython-3.10', 'both say it');
    my $same = gilscope({env => \%with}, @tiny, '--python=python3,python3', '-o', temp_folder());
    like($same->{err}, qr/interpreter left out: python3: it is the same as python3/, 'named twice, run once');
};

subtest 'a list that is none' => sub {
    for my $list ('', ',', 'python3,', ',python3', 'a,,b', 'a, ', 'auto,a', 'a, none') {
        one_line_error(gilscope('bench', "--python=$list"), 2, "--python=$list", qr/--python=\Q$list\E: /);
    }
    one_line_error(gilscope({env => {GILSCOPE_PYTHON => 'a,,b'}}, qw(bench --reps=1 --time=1ms -o), temp_folder()),
        2, 'GILSCOPE_PYTHON too', qr/GILSCOPE_PYTHON=a,,b: /);
};

subtest 'fidelity.csv belongs to its run' => sub {
    my $folder = temp_folder();
    my @options = qw(bench --reps=1 --time=1ms --threads=2 --output);
    gilscope(@options, $folder, '--python=' . fake('good'));
    ok(-s "$folder/fidelity.csv", 'there after a run with an interpreter');
    gilscope(@options, $folder, '--python=none');
    ok(!-e "$folder/fidelity.csv", 'gone after one without');
};

subtest 'exact work' => sub {
    my (undef, undef, @rows) = bench(fake('good'), '--count=1001');
    is(join(' ', uniq(column('count', @rows))), '1001', 'is exact for interpreters too');
};

subtest 'Ctrl-C leaves nothing behind' => sub {
    my ($folder, $pids) = (temp_folder(), "$fakes/pids");
    my $job = start({env => {FAKE_PIDS => $pids}}, $GILSCOPE, 'bench', '--time=1ms', '--threads=2',
        '--python=' . fake('hangs'), '--output', $folder);
    ok(poll_until(sub { (() = pids_in($pids)) >= 2 }), 'it hangs in a job');
    my @all = (children_of($job->{pid}), pids_in($pids));
    cmp_ok(scalar(uniq(@all)), '>=', 4, 'with a process for each mode, and a child');
    send_signal(INT => $job);
    is(finish($job, 5)->{exit}, 130, 'the exit code');
    ok(gone(@all), 'all of them are gone');
};

my ($real) = grep { have($_) && run($_, '-c', 'import multiprocessing.synchronize')->{exit} eq '0' } qw(python3);

subtest 'a real python3' => sub {
    plan skip_all => 'no python3 with multiprocessing' if !$real;
    my ($result, undef, @rows) = bench($real, '--pin=core');
    is($result->{exit}, 0, 'runs') or diag($result->{err});
    my ($name) = map { m{^([a-z]+-\d\.\d+t?)/serial$} } column('variant', @rows);
    ok($name, 'and has a name') or return;
    like(cases_of(qr{/threads}, @rows),
        qr{^\Q$name\E/threads\|core\|2 \Q$name\E/threads\|none\|1 \Q$name\E/threads\|none\|2$},
        'threads: as in the article, and pinned where they can be more than one');
    like(cases_of(qr{/pool}, @rows), qr{\Q$name\E/pool\|core\|2}, 'a pool, too');
};

subtest 'nobody outlives the program, even when it is killed' => sub {
    plan skip_all => 'no python3 with multiprocessing' if !$real;
    my ($folder, $bin) = (temp_folder(), temp_folder());
    # A real pool, beside a serial run that soon is over; a count so large that the pool's workers
    # are in the middle of it.
    fake_command($bin, 'python', "[ \"\$3\" != pool ] || exec $real \"\$@\"; exec '" . fake('lacks') . "' \"\$@\"");
    my $job = start($GILSCOPE, 'bench', '--variant=serial', "--python=$bin/python", '--threads=2',
        '--reps=1', '--pin=none', '--count=2G', '--output', $folder);
    my (@all, @busy);
    poll_until(sub {
        my @children = children_of($job->{pid});
        my @workers = map { children_of($_) } @children;
        @all = (@children, @workers);
        @busy = grep { (cpu_seconds($_) // 0) > 0.5 } @workers;
        return @busy >= 2 || !alive($job->{pid});
    }, 60);
    cmp_ok(scalar @busy, '>=', 2, 'there are workers in the middle of their tasks');
    send_signal(KILL => $job);
    finish($job);
    ok(gone(@all), 'and then there are none');
};

subtest 'the pictures of five interpreters' => sub {
    plan skip_all => 'no gnuplot' if !have('gnuplot');
    my $folder = temp_folder();
    spew("$folder/$_", slurp("tests/data/five-interpreters/$_"))
        for qw(bench-summary.csv machine.csv fidelity.csv);
    is(run('plot/plot', $folder)->{exit}, 0, 'are drawn');
    like(slurp("$folder/fidelity.svg"), qr/30 of 32 agree within 5 %/, 'how many agree');
    my $speedup = slurp("$folder/speedup.svg");
    like($speedup, qr/>\s*\Q$_\E\s*</, "$_ has its label")
        for qw(gil cpython-2.7/threads cpython-3.11/nogil pypy-3.9/threads);
    unlike($speedup, qr{/serial}, 'baselines have none');
    unlink "$folder/fidelity.csv";
    is(run('plot/plot', $folder)->{exit}, 0, 'drawn again without fidelity.csv');
    ok(!-e "$folder/fidelity.svg", 'no picture of it is left');
};

done_testing();
