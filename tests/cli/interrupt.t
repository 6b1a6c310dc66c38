#!/usr/bin/env perl
# Interrupted runs, dying workers: it ends by itself, with the right code, keeps what was measured,
# and leaves no process behind.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use List::Util qw(max);
use Test::More;

-r '/proc/self/stat' or plan(skip_all => 'no /proc here');

my %number = (INT => 2, TERM => 15, HUP => 1, QUIT => 3);
# The design says a second; a busy machine gets more.
my $soon_s = 60;

sub complete_lines {
    my ($path) = @_;
    return -e $path ? scalar(() = slurp($path) =~ /\n/g) : 0;
}

# A long run of bench in a folder; returns when it has written rows.
sub begin {
    my ($folder, $rows, @options) = @_;
    my $job = start($GILSCOPE, 'bench', '-r', '1000', @options, '-o', $folder);
    ok(poll_until(sub { complete_lines("$folder/bench.csv.part") > $rows }), 'it runs and writes')
        or diag(slurp($job->{err}));
    return $job;
}

# Every process of the job's group but zombies.
sub group_of {
    my ($job) = @_;
    opendir my $proc, '/proc' or die;
    return grep {
        my ($state, undef, $group) = Gilscope::stat_fields($_);
        defined $group && $group == $job->{pid} && $state !~ /[ZX]/;
    } grep { /^\d+$/ } readdir $proc;
}

sub none_is_left {
    my ($job) = @_;
    my @left = group_of($job);

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply(\@left, [], 'no process is left');
    kill KILL => @left;
    return;
}

sub check_parts {
    my ($folder) = @_;
    my $text = slurp("$folder/bench.csv.part");

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    like($text, qr/\Avariant,kernel,pin,.*,oversubscribed\n(?:.*\n)?\z/s, 'bench.csv.part: a header, whole lines');
    my @rows = csv_rows($text);
    ok(!(grep { $_->{count} <= 0 || $_->{wall_s} <= 0 } @rows), 'all of them measured');
    my %rows_of;
    push @{$rows_of{"@$_{qw(variant pin threads)}"}}, $_ for @rows;
    my @summaries = csv_rows(slurp("$folder/bench-summary.csv.part"));
    is(join(', ', sort map { "@$_{qw(variant pin threads reps)}" } @summaries),
        join(', ', sort map { "$_ " . @{$rows_of{$_}} } keys %rows_of), 'the summary has the same cases and counts');
    my @wrong = grep {
        my @walls = sort { $a <=> $b } map { $_->{wall_s} } @{$rows_of{"@$_{qw(variant pin threads)}"}};
        my $median = ($walls[(@walls - 1) / 2] + $walls[@walls / 2]) / 2;
        abs($_->{wall_s} - $median) > 1e-7 * $median;
    } @summaries;
    is(scalar(@wrong), 0, 'and their medians');
    like(slurp("$folder/machine.csv.part"), qr/^seed,\d+$/m, 'machine.csv.part is there');
    return @rows;
}

sub stopped_by {
    my ($signal, $job) = @_;
    my $result = finish($job, $soon_s);

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($result->{exit}, 128 + $number{$signal}, "exit code 128 + $number{$signal}");
    none_is_left($job);
    return $result;
}

for my $signal (qw(INT TERM HUP QUIT)) {
    subtest "SIG$signal in the middle of a run" => sub {
        my $folder = temp_folder();
        my $job = begin($folder, 20, words('-T 2ms -t 1,2'));
        send_signal($signal => $job);
        my $result = stopped_by($signal, $job);
        cmp_ok(scalar(check_parts($folder)), '>=', 20, 'what was measured is kept');
        ok(!-e "$folder/$_", "no $_") for qw(bench.csv bench-summary.csv machine.csv topology.xml);
        like($result->{err}, qr/^[^\n]*bench\.csv\.part/m, 'and says where');
        like($result->{out}, qr/^threads .*^gil /ms, 'with a table of it');
        unlike($result->{out}, qr/\b(?:nan|inf)\b/i, 'of numbers');
    };
}

subtest 'Ctrl-C reaches everybody: parent and workers' => sub {
    my $folder = temp_folder();
    my $job = begin($folder, 5, words('-T 2ms -t 2 -v pool'));
    kill INT => -$job->{pid};
    stopped_by(INT => $job);
    check_parts($folder);
};

subtest 'an earlier complete run stays as it was' => sub {
    my $folder = temp_folder();
    gilscope(@$TINY, '-q', '-o', $folder);
    my %before = map { $_ => slurp("$folder/$_") } names_in($folder);
    is(scalar(keys %before), 4, 'four files');
    my $job = begin($folder, 5, words('-q -T 2ms -t 2'));
    send_signal(TERM => $job);
    stopped_by(TERM => $job);
    is(slurp("$folder/$_"), $before{$_}, $_) for sort keys %before;
    is(gilscope(@$TINY, '-q', '-o', $folder)->{exit}, 0, 'the next complete run');
    isnt(slurp("$folder/bench.csv"), $before{'bench.csv'}, 'replaces it');
};

# The seed decides on the order of the cases alone: one that puts the variant before serial puts any
# there that is run the same way.
my ($seed) = grep {
    (csv_rows(gilscope(qw(bench --csv -r 1 -n 1000 -t 2 -v nogil --seed), $_, '-o', temp_folder())->{out}))[0]{variant}
        eq 'nogil';
} 1 .. 20;
ok($seed, 'a seed that has serial last');
# Work for minutes in every repetition.
my @endless = (qw(-r 1 -n 1e12 -t 2), "--seed=$seed");

# A single repetition that lasts for minutes: it has to look up from its work.
for my $variant (qw(serial critical ticks gil nogil tasks atomic pool)) {
    subtest "stopped inside a long repetition of $variant" => sub {
        my $folder = temp_folder();
        my $job = start($GILSCOPE, qw(bench -q), @endless, '-v', $variant, '-o', $folder);
        ok(poll_until(sub { -s "$folder/bench.csv.part" }), 'it has begun');
        # Now or in a moment it is at work; wherever the signal meets it, it must stop.
        my $at_work = poll_until(sub {
            max(map { cpu_seconds($_) } $job->{pid}, children_of($job->{pid})) > 0.15;
        });
        ok($at_work, 'and is at work');
        send_signal(TERM => $job);
        stopped_by(TERM => $job);
        is(join(' ', names_in($folder)), '', 'and leaves no file: it was the first, and has no row');
    };
}

subtest 'stopped before anything is measured: nothing is left, and no nonsense told' => sub {
    my $folder = temp_folder();
    my $job = start($GILSCOPE, qw(bench --time=600s -t 2 -v nogil -o), $folder);
    ok(poll_until(sub { -s "$folder/bench.csv.part" }), 'it has begun');
    send_signal(INT => $job);
    my $result = stopped_by(INT => $job);
    is_deeply([names_in($folder)], [], 'no file');
    is($result->{out}, '', 'no figures of nothing');
    like($result->{err}, qr/\Anothing was measured yet: no file is left in \Q$folder\E\n\z/, 'which is said');
};

# A reference may be the first that is measured; it has no row.
subtest 'stopped before the first row: no file, or one with a row' => sub {
    for my $own (1 .. 4) {
        my $folder = temp_folder();
        my $job = start($GILSCOPE, words('bench -q -v serial -t 1 -T 500ms --seed'), $own, '-o', $folder);
        ok(poll_until(sub { cpu_seconds($job->{pid}) > 0.1 * $own + 0.3 }), 'it is at work');
        send_signal(TERM => $job);
        stopped_by(TERM => $job);
        my @left = names_in($folder);
        ok(!@left || complete_lines("$folder/bench.csv.part") > 1, "seed $own") or diag("@left");
    }
};

subtest 'rows on stdout end with a whole line, too' => sub {
    my $folder = temp_folder();
    my $job = begin($folder, 10, words('-T 2ms -t 2 --csv'));
    send_signal(INT => $job);
    my $result = stopped_by(INT => $job);
    ok($result->{out} eq slurp("$folder/bench.csv.part"), 'the same as in bench.csv.part');
    check_parts($folder);
};

subtest 'who ignores SIGINT, as nohup does SIGHUP, is not stopped by it' => sub {
    my $folder = temp_folder();
    my $job = start('sh', '-c', 'trap "" HUP; exec "$@"', 'sh', $GILSCOPE,
        words('bench -q -r 100 -T 10ms -t 2 -v nogil -o'), $folder);
    ok(poll_until(sub { complete_lines("$folder/bench.csv.part") > 1 }), 'it runs');
    send_signal(HUP => $job);
    is(finish($job)->{exit}, 0, 'to its end');
    ok(-e "$folder/bench.csv", 'complete');
};

# Starts a pool run with two workers at work; their ids.
sub begin_pool {
    my ($folder, @options) = @_;
    my $job = start($GILSCOPE, qw(bench -v pool -o), $folder, @options);
    my @workers;
    ok(poll_until(sub {
        @workers = grep { cpu_seconds($_) >= 0.05 } children_of($job->{pid});
        return @workers == 2;
    }), 'two workers are at work') or diag(slurp($job->{err}));
    return ($job, @workers);
}

subtest 'the parent is killed: no worker survives' => sub {
    my ($job, @workers) = begin_pool(temp_folder(), '-q', @endless);
    kill KILL => $job->{pid};
    is(finish($job)->{signal}, 9, 'killed');
    ok(poll_until(sub { !grep { Gilscope::alive($_) } @workers }, $soon_s), 'they go with it');
    none_is_left($job);
};

subtest 'a worker is killed: its task is done again, and all is counted once' => sub {
    my $folder = temp_folder();
    my $count = 4_000_000_000;
    my ($job, @workers) = begin_pool($folder, qw(-r 1 -t 2 -k 2 -n), $count);
    ok((kill KILL => $workers[0]), 'kill -9');
    my $result = finish($job);
    is($result->{exit}, 0, 'the run completes') or diag($result->{err});
    like($result->{err}, qr/^gilscope: 1 task of the pool done again: a worker died meanwhile$/m, 'and says so');
    my @rows = csv_rows(slurp("$folder/bench.csv"));
    is_deeply([map { $_->{count} } @rows], [($count) x 2], 'every row verified');
};

subtest 'workers that die again and again: an error, not an endless run' => sub {
    my $folder = temp_folder();
    my ($job) = begin_pool($folder, '-q', @endless);
    my $given_up = poll_until(sub {
        kill KILL => $_ for children_of($job->{pid});
        return !Gilscope::alive($job->{pid});
    });
    ok($given_up, 'it gives up');
    my $result = finish($job);
    is($result->{exit}, 1, 'exit code 1');
    like($result->{err}, qr/\Agilscope: pool: [^\n]* in a row[^\n]*\n\z/, 'in one line');
    none_is_left($job);
};

done_testing();
