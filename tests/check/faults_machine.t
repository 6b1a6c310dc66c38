#!/usr/bin/env perl
# The machine changes under a run: stopped and continued, a clock set back, PUs and quotas that go away.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../cli";
use Faults;
use Gilscope;
use Test::More;

# Has it begun to write rows? Trace writes its at the end: has it opened its files, and gone on?
sub has_begun {
    my ($name, $job, $folder) = @_;
    my $part = "$folder/$name.csv.part";
    if ($name eq 'trace') {
        return poll_until(sub { -e $part }) && goes_on($name, $job, $folder);
    }
    return poll_until(sub { -e $part && slurp($part) =~ /\n.*\n/ });
}

# Waits until another row is there (of costs: another block, which writes all rows anew), or trace has
# worked for as long as the clock of the system can tell. False where it has ended.
sub goes_on {
    my ($name, $job, $folder) = @_;
    my $part = "$folder/$name.csv.part";
    my $state = sub {
        my $now = $name eq 'trace' ? cpu_seconds($job->{pid}) : eval { slurp($part) };
        return $now // '';
    };
    my $before = $state->();
    poll_until(sub { !alive($job->{pid}) || $state->() ne $before });
    return alive($job->{pid});
}

my %long = (
    bench => '-v nogil -t 2 -r 30 -T 30ms',
    breakeven => '--length=1us -t 2 -r 12 -T 30ms --pin=none',
    convoy => '--hogs=1 --lock=gil -r 20 --time=40ms',
    costs => '-t 2 -r 12 -T 200us',
    trace => '-t 2 -T 200ms',
);
for my $name ($FULL ? sort keys %long : qw(bench trace)) {
    subtest "$name: SIGSTOP and SIGCONT in the middle" => sub {
        my $folder = temp_folder();
        my $job = start($GILSCOPE, $name, words($long{$name}), '-o', $folder);
        ok(has_begun($name, $job, $folder), 'it runs');
        # One between two measurements spoils none; nine cannot all be, nor are they ten in a row.
        for (1 .. 9) {
            kill STOP => $job->{pid};
            select undef, undef, undef, 0.05;
            kill CONT => $job->{pid};
            last if !goes_on($name, $job, $folder);
        }
        my $result = finish($job);
        is($result->{exit}, 0, 'it completes') or diag($result->{err});
        my ($times) = $result->{err} =~ /^gilscope: stopped and continued meanwhile [^\n]*: (\d+) measurements? done again$/m;
        cmp_ok($times // 0, '>', 0, 'and says how many measurements were done again') or diag($result->{err});
        if ($name eq 'bench') {
            my %fact = csv_table(slurp("$folder/machine.csv"));
            is($fact{paused}, $times, 'machine.csv says the same');
            my @wall = column('wall_s', csv_rows(slurp("$folder/bench.csv")));
            is(scalar(@wall), 60, 'every repetition has its row');
        }
    };
}

subtest 'stopped inside one long repetition: it is not counted as slow' => sub {
    my $folder = temp_folder();
    my $job = start($GILSCOPE, words('bench -v serial -r 1 -T 1s -t 1 -o'), $folder);
    ok(poll_until(sub { -e "$folder/bench.csv.part" }), 'it has begun');
    # Into its warm-up or its repetition: wherever it is, that is done again.
    select undef, undef, undef, 0.5;
    kill STOP => $job->{pid};
    select undef, undef, undef, 2;
    kill CONT => $job->{pid};
    my $result = finish($job);
    is($result->{exit}, 0, 'it completes');
    my ($row) = csv_rows(slurp("$folder/bench.csv"));
    my %fact = csv_table(slurp("$folder/machine.csv"));
    cmp_ok($fact{elapsed_s}, '>', 2, 'there was a pause of two seconds');
    cmp_ok($row->{wall_s}, '<', $fact{elapsed_s} - 2, 'which is not in the row');
};

subtest 'stopped again and again: an error, not an endless run' => sub {
    my $job = start($GILSCOPE, words('bench -q -v nogil -t 2 -r 1000 -T 100ms -o'), temp_folder());
    ok(poll_until(sub {
        kill CONT => $job->{pid};
        return !alive($job->{pid});
    }, 50), 'it gives up');
    my $result = finish($job);
    is($result->{exit}, 1, 'exit code 1');
    like($result->{err}, qr/\Agilscope: stopped and continued [^\n]*\n\z/, 'in one line');
};

for my $command (@SOME) {
    subtest "$command->{name}: the clock of the wall runs backwards" => sub {
        my $folder = temp_folder();
        my $result = faulty({CLOCK_BACK => 1}, command_line($command, $folder));
        is($result->{exit}, 0, 'it completes') or diag($result->{err});
        is_deeply([whatever_happened($command, $folder, $result)], [], 'with all its rows');
        my ($rows) = grep { /^(bench|breakeven|convoy)\.csv$/ } @{$command->{files}};
        return if !$rows;
        is(scalar(grep { $_ ne '' && $_ <= 0 } column('wall_s', csv_rows(slurp("$folder/$rows")))), 0,
            'and no time that is negative');
    };
}

my $pus = usable_pus();
for my $command (@SOME) {
    subtest "$command->{name}: a PU goes away during the run" => sub {
        plan(skip_all => 'one usable PU') if $pus < 2;
        my ($folder, $mark) = (temp_folder(), temp_folder());
        my $job = start({env => {LD_PRELOAD => Faults::library(), LOSE_PUS => "$mark/lost"}},
            command_line($command, $folder), words('--time=200ms'));
        ok(poll_until(sub { grep { /\.part$/ } names_in($folder) }), 'it has begun');
        spew("$mark/lost", '');
        my $result = finish($job);
        is($result->{exit}, 1, 'exit code 1');
        $result->{left} = [group_of($job)];
        is_deeply([whatever_happened($command, $folder, $result)], [], 'nothing half-written') or diag($result->{err});
        like($result->{err}, qr/offline/, 'the line says what happened');
    };
}

# Convoy's team, all of its threads, in the middle of a repetition; costs looks at the main thread alone.
my %bound = (
    bench => '-v nogil -t 2 -r 1000 -T 50ms',
    breakeven => '--length=1us -t 2 -r 1000 -T 50ms',
    convoy => '--hogs=1 --lock=gil -r 1000 -T 50ms',
    trace => '-t 2 -T 2s',
);
for my $name ($FULL ? sort keys %bound : qw(bench convoy)) {
    subtest "$name: somebody binds the threads anew" => sub {
        plan(skip_all => 'no taskset, or one PU') if !have('taskset') || $pus < 2;
        for my $pin ($FULL ? qw(core none) : 'none') {
            my $folder = temp_folder();
            my $job = start($GILSCOPE, $name, '-q', words($bound{$name}), '-p', $pin, '-o', $folder);
            ok(poll_until(sub { -e "$folder/$name.csv.part" && ($name eq 'trace' || -s _) }), 'it runs');
            my $ended = poll_until(sub {
                run('taskset', '-a', '-c', '-p', 0, $job->{pid});
                return !alive($job->{pid});
            });
            ok($ended, "--pin=$pin: it is noticed");
            my $result = finish($job);
            is($result->{exit}, 1, 'exit code 1');
            like($result->{err}, qr/\Agilscope: [^\n]*(bound|bind|let)[^\n]*\n\z/, 'one line says so');
            ok(!-e "$folder/$name.csv", 'and the run is not called complete');
        }
    };
}

for my $name ($FULL ? sort keys %long : qw(bench trace)) {
    subtest "$name: the cgroup's quota shrinks during the run" => sub {
        my ($folder, $mark) = (temp_folder(), temp_folder());
        spew("$mark/cpu.max", "max 100000\n");
        my $job = start({env => {LD_PRELOAD => Faults::library(), CPU_MAX => "$mark/cpu.max"}},
            $GILSCOPE, $name, words($long{$name}), '-o', $folder);
        ok(has_begun($name, $job, $folder), 'it runs');
        spew("$mark/cpu.max.new", "50000 100000\n");
        rename "$mark/cpu.max.new", "$mark/cpu.max";
        my $result = finish($job);
        is($result->{exit}, 0, 'it completes') or diag($result->{err});
        like($result->{err}, qr/^gilscope: the cgroup's share of CPU time shrank meanwhile, to 0\.5 cores/m, 'and says so');
        like(slurp("$folder/machine.csv"), qr/^cpu_quota,"none, then 0\.5"$/m, 'and machine.csv, too') if $name =~ /bench|breakeven/;
    };
}

done_testing();
