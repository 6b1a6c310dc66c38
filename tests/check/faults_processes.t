#!/usr/bin/env perl
# Processes and threads that are not to be had, killed, stopped; limits on what a process may use.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../cli";
use Faults;
use Gilscope;
use List::Util qw(uniq);
use Test::More;

my %command = map { $_->{name} => $_ } @COMMANDS;
my $libomp = run('ldd', $GILSCOPE)->{out} =~ /libomp/;

for my $name ($FULL ? qw(bench breakeven convoy costs) : 'bench') {
    subtest "$name: the n-th fork fails" => sub { each_n($command{$name}, 'FAIL_FORK', {}) };
}

for my $command (@SOME) {
    subtest "$command->{name}: the n-th thread cannot be started" => sub {
        plan(skip_all => 'libomp aborts in four lines of its own') if $libomp;
        each_n($command, 'FAIL_THREAD', {});
    };
}

# A worker tells its parent of each list that it is through with: killed before it, after it, always.
for my $when (qw(KILL_WRITE KILL_AFTER)) {
    subtest "a worker is killed while it answers: $when" => sub {
        my $n = 0;
        for (;;) {
            my $folder = temp_folder();
            my $result = faulty({$when => ++$n}, command_line($command{bench}, $folder));
            last if !$result->{hit} || $n > ($FULL ? 200 : 3);
            is($result->{exit}, 0, "$when=$n: the run completes") or diag($result->{err});
            is_deeply([whatever_happened($command{bench}, $folder, $result)], [], 'with all its rows');
        }
        cmp_ok($n, '>', 3, 'several were killed');
        my $folder = temp_folder();
        my $result = faulty({$when => 1, FAIL_ON => 1}, command_line($command{bench}, $folder));
        # Who has answered may have done all that there was to do.
        ok($result->{exit} == 1 || $when eq 'KILL_AFTER', 'each of them: it gives up') or diag($result->{err});
        is_deeply([whatever_happened($command{bench}, $folder, $result)], [], 'in words');
        like($result->{err}, qr/pool: .*died/, 'that say what happened') if $result->{exit} != 0;
    };
}

# A worker looks at a clock when it begins, when it starts, twice, and twice when it comes to rest, with
# all tasks done: whenever it is killed, a row is a row, and a note says what was done again.
subtest 'a worker is killed when it looks at a clock' => sub {
    my ($n, @rests) = 0;
    for (;;) {
        my $folder = temp_folder();
        my $result = faulty({KILL_CLOCK => ++$n}, $GILSCOPE, words('bench -v pool -t 1 -r 1 -n 100000 -o'), $folder);
        last if !$result->{hit} || $n > 100;
        is($result->{exit}, 0, "KILL_CLOCK=$n: the run completes") or diag($result->{err});
        my @rows = csv_rows(slurp("$folder/bench.csv"));
        is(scalar(grep { $_->{wall_s} > 0 && $_->{cpu_s} > 0 } @rows), 2, 'two rows of times that can be');
        my ($redone) = $result->{err} =~ /^gilscope: (\d+) tasks? of the pool done again: a worker died meanwhile$/m;
        push @rests, $n if ($redone // 0) > 1;
    }
    cmp_ok(scalar(@rests), '>=', 2, 'all tasks of a repetition, where it was killed at its rest');
    my $result = faulty({KILL_CLOCK => $rests[0] // 1, FAIL_ON => 1}, $GILSCOPE, words('bench -v pool -t 1 -n 1e5 -o'), temp_folder());
    is($result->{exit}, 1, 'and if all are from then on: it gives up');
    like($result->{err}, qr/\Agilscope: pool: [^\n]*died[^\n]*\n\z/, 'in one line');
};

my %long = (
    bench => '-v pool -t 2 -T 200ms',
    breakeven => '-q --length=1us --time=200ms -t 2',
    trace => '-v pool -t 2 -T 2s',
    convoy => '--hogs=2 --lock=gil --time=2s',
    costs => '-t 2 -r 1000',
);
for my $name ($FULL ? sort keys %long : qw(bench convoy)) {
    for my $at ($FULL ? (0.02, 0.1, 0.3, 0.6, 1) : 0.3) {
        subtest "$name: the parent is killed after $at s" => sub {
            my $job = start($GILSCOPE, $name, words($long{$name}), '-o', temp_folder());
            select undef, undef, undef, $at;
            kill KILL => $job->{pid};
            is(finish($job)->{signal}, 9, 'killed');
            none_is_left($job, 'nobody is left a second later');
        };
    }
}

# A run of the pool, one of whose workers has been stopped.
sub begin_stopped {
    my $job = start($GILSCOPE, words('bench -v pool -t 2 -T 50ms -o'), temp_folder(), @_);
    my $stopped;
    ok(poll_until(sub {
        ($stopped) = children_of($job->{pid}) or return;
        kill STOP => $stopped;
        my ($state, $parent);
        poll_until(sub { ($state, $parent) = Gilscope::stat_fields($stopped); ($state // 'Z') =~ /[TZX]/ }, 5);
        return ($state // 'Z') eq 'T';
    }), 'a worker is stopped') or diag(slurp($job->{err}));
    return ($job, $stopped);
}

subtest 'a worker that is stopped alone and goes on: its measurement is done again' => sub {
    my ($job, $worker) = begin_stopped('-r', 3);
    kill CONT => $worker;
    my $result = finish($job);
    is($result->{exit}, 0, 'the run completes');
    like($result->{err}, qr/^gilscope: stopped and continued meanwhile .*: 1 measurement done again$/m, 'and says so');
};

subtest 'a worker that is stopped alone is waited for, and Ctrl-C is seen' => sub {
    for my $signal (qw(INT KILL)) {
        my ($job, $worker) = begin_stopped(qw(-q -r 1000));
        kill $signal => $job->{pid};
        my $result = finish($job, 20);
        is($result->{exit} // $result->{signal}, $signal eq 'INT' ? 130 : 9, "SIG$signal ends it");
        none_is_left($job, 'and nobody is left, stopped or not');
    }
};

subtest 'an interpreter that is stopped alone: the same' => sub {
    plan(skip_all => 'no python3') if !have('python3');
    my $folder = temp_folder();
    my $job = start($GILSCOPE, words('bench -v nogil -t 2 -r 2 -T 20ms --python=python3 -o'), $folder);
    my @interpreters;
    ok(poll_until(sub {
        -e "$folder/bench.csv.part" && (@interpreters = grep { slurp_comm($_) =~ /python/ } children_of($job->{pid}));
    }), 'interpreters run') or diag(slurp($job->{err}));
    kill STOP => @interpreters;
    select undef, undef, undef, 0.1;
    kill CONT => @interpreters;
    my $result = finish($job);
    is($result->{exit}, 0, 'the run completes') or diag($result->{err});
    like($result->{err}, qr/^gilscope: stopped and continued meanwhile /m, 'and says so');
    unlike($result->{err}, qr/left out: cpython/, 'none is left out');
};

sub slurp_comm {
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/comm" or return '';
    return <$file> // '';
}

# under({LIMITS}, COMMAND, WHAT): the shell sets the limits, and runs it.
sub under {
    my ($options, $limits, $command) = @_;
    my $folder = temp_folder();
    chmod 0777, $folder;
    my $job = start($options, 'sh', '-c', "$limits || exit 99; exec \"\$@\"", 'sh', command_line($command, $folder));
    my $result = finish($job);
    $result->{left} = [Faults::none_left($job)];
    return ($result, [whatever_happened($command, $folder, $result)]);
}

my %limits = (
    'memory (ulimit -v)' => [map { "ulimit -v $_" } $FULL ? map { 4000 * $_ } 2 .. 60 : (12_000, 60_000)],
    'file descriptors (ulimit -n)' => [map { "ulimit -n $_" } $FULL ? 3 .. 24 : (5, 12)],
    'the stack (ulimit -s)' => [map { "ulimit -s $_" } $FULL ? (32, 64, 128, 256, 512, 1024) : (64, 1024)],
    'processes (ulimit -u)' => [map { "{ ulimit -u $_ 2>/dev/null || ulimit -p $_; }" } $FULL ? 1 .. 6 : 1],
);
for my $what (sort keys %limits) {
    subtest "a limit on $what" => sub {
        # Root has no limit on processes.
        my $options = $what =~ /-u/ && $> == 0 ? {user => 65534} : {};
        my ($failed, @bad) = (0);
        for my $command (@SOME) {
            for my $limit (@{$limits{$what}}) {
                my ($result, $wrong) = under($options, $limit, $command);
                plan(skip_all => 'no such limit here') if ($result->{exit} // 0) == 99;
                $failed += ($result->{exit} // 1) != 0;
                # Where the program cannot even be loaded, the loader has said so.
                next if ($result->{exit} // 0) == 127 && $result->{err} =~ /error while loading/;
                push @bad, "$limit; $command->{name}: @$wrong: $result->{err}" if @$wrong;
            }
        }
        ok(!@bad, 'an exit code, and a line that says why') or diag(join "\n", splice @bad, 0, 12);
        cmp_ok($failed, '>', 0, 'some failed of it');
    };
}

done_testing();
