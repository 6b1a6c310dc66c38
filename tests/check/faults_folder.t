#!/usr/bin/env perl
# The results folder vanishes, turns read-only, is somebody else's; the terminal is resized or closed.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../cli";
use Errno qw(EROFS);
use Faults;
use File::Path qw(remove_tree);
use Gilscope;
use Test::More;

# A second each, or more; breakeven is quiet, since it says how long it will take.
my %long = (
    bench => '-v nogil -t 2 -r 4 -T 50ms',
    breakeven => '-q --length=1us -t 2 -r 4 -T 50ms --pin=none',
    trace => '-t 2 -T 100ms',
    convoy => '--hogs=0 --lock=gil,none -r 4 --time=100ms', # no hog alone, of which there is no table
    costs => '-t 2 -r 3 -T 200us',
);

# Returns when it has opened its files, and goes on; or has ended. While it opens them it would rightly say
# that the folder is gone.
sub wait_for_files {
    my ($command, $job, $folder) = @_;
    my $opened = poll_until(sub { !alive($job->{pid}) || !grep { !-e "$folder/$_.part" } @{$command->{files}} });
    my $so_far = cpu_seconds($job->{pid});
    poll_until(sub { !alive($job->{pid}) || cpu_seconds($job->{pid}) > $so_far + 0.02 });
    return $opened && alive($job->{pid});
}

# Starts it in a folder that is there.
sub begin {
    my ($command, $folder, $options) = @_;
    my $job = start($options // {}, $GILSCOPE, $command->{name}, words($long{$command->{name}}), '-o', "$folder");
    ok(wait_for_files($command, $job, $folder), 'it has begun') or diag(slurp($job->{err}));
    return $job;
}

for my $command (@SOME) {
    subtest "$command->{name}: the results folder vanishes" => sub {
        my $above = temp_folder();
        my $folder = "$above/results";
        my $job = begin($command, $folder);
        remove_tree($folder);
        my $result = finish($job);
        is($result->{exit}, 0, 'it completes') or diag($result->{err});
        is_deeply([names_in($folder)], [sort @{$command->{files}}], 'the folder is there again, and all files');
        is_deeply([map { Faults::wrong_with($command, $folder, $_) // () } grep { /trace|machine|latency|topology/ } @{$command->{files}}], [], 'complete');
        is(scalar(csv_rows(slurp("$folder/bench.csv"))), 2 * 4, 'with every row') if $command->{name} eq 'bench';
        isnt($result->{out}, '', 'and the table') if $command->{name} ne 'breakeven';
    };

    subtest "$command->{name}: it vanishes, and cannot be made again" => sub {
        my $above = temp_folder();
        my $folder = "$above/results";
        my $job = begin($command, $folder);
        remove_tree($folder);
        spew($folder, "a file\n");
        my $result = finish($job);
        is($result->{exit}, 1, 'exit code 1');
        like($result->{err}, qr/^gilscope: [^\n]*\Q$folder\E[^\n]*\n\z/m, 'a line says so');
        is(scalar(() = $result->{err} =~ /^gilscope: /mg), 1, 'once');
        isnt($result->{out}, '', 'and the table is shown') if $command->{name} !~ /trace|breakeven/;
        is(slurp($folder), "a file\n", 'what is there now is left alone');
    };

    # What is written again does not fit either; which write it is that fails nobody can say.
    subtest "$command->{name}: it vanishes, and the disk is full" => sub {
        my $full = 0;
        for my $n ($FULL ? 2 .. 24 : map { 3 * $_ } 1 .. 6) {
            my ($above, $hits) = (temp_folder(), temp_folder());
            my $folder = "$above/results";
            my %faults = (LD_PRELOAD => Faults::library(), FAIL_WRITE => 5 + $n, FAIL_ON => 1, FAULT_HIT => "$hits/hit");
            my $job = start({env => \%faults}, $GILSCOPE, $command->{name}, words($long{$command->{name}} =~ s/50ms|100ms/20ms/r), '-o', $folder);
            wait_for_files($command, $job, $folder);
            remove_tree($folder);
            my $result = finish($job);
            my $hit = -e "$hits/hit" ? 1 : 0;
            $full++ if $hit && $result->{exit} == 1;
            is($result->{exit}, 0, "write $n: it completes") if !$hit;
            # Of another length than the shortest run: only what is not complete is looked at.
            next if $result->{exit} == 0;
            is_deeply([whatever_happened($command, $folder, {%$result, left => [group_of($job)]})], [],
                "write $n: whole lines, and no final name") or diag($result->{err});
        }
        cmp_ok($full, '>', 0, 'it was full');
    };

    subtest "$command->{name}: the file system turns read-only" => sub {
        for my $n ($FULL ? (1 .. 4, map { 5 * $_ } 1 .. 12) : (3, 12)) {
            my $folder = temp_folder();
            my $result = faulty({FAIL_WRITE => $n, FAIL_ON => 1, FAIL_ERRNO => EROFS}, command_line($command, $folder));
            last if !$result->{hit};
            is_deeply([whatever_happened($command, $folder, $result)], [], "at write $n") or diag($result->{err});
        }
    };

    subtest "$command->{name}: the folder may no longer be written to" => sub {
        plan(skip_all => 'only root can become somebody else') if $> != 0;
        my $folder = temp_folder();
        chmod 0777, $folder;
        my $job = begin($command, $folder, {user => 65534});
        chmod 0755, $folder;
        my $result = finish($job);
        is($result->{exit}, 1, 'exit code 1');
        like($result->{err}, qr/^gilscope: cannot rename '\Q$folder\E[^\n]*\n\z/m, 'a line says so');
        is_deeply([grep { !/\.part$/ } names_in($folder)], [], 'nothing has a final name');
        isnt($result->{out}, '', 'the table is shown') if $command->{name} ne 'breakeven';
        is_deeply([whatever_happened($command, $folder, {%$result, left => []})], [], 'nothing half-written');
    };

    subtest "$command->{name}: two write to one folder, a third draws it" => sub {
        my $folder = temp_folder();
        my $job = begin($command, $folder);
        kill STOP => -$job->{pid}; # so that it does not end before the others come
        my $second = run(command_line($command, $folder));
        one_line_error($second, 1, 'the second says so, and stops', qr/another gilscope/, qr/\.part'/);
        my $drawn = run("$ROOT/plot/plot", $folder);
        like($drawn->{exit}, qr/^[01]$/, 'plot finds nothing, or draws it');
        kill CONT => -$job->{pid};
        my $result = finish($job);
        is($result->{exit}, 0, 'the first completes') or diag($result->{err});
        is_deeply([grep { !/\.(svg|png)$/ } names_in($folder)], [sort @{$command->{files}}], 'with all its files');
    };
}

subtest 'bench and breakeven in one folder share machine.csv' => sub {
    my ($bench, $breakeven) = @COMMANDS[0, 1];
    my $folder = temp_folder();
    my $job = begin($bench, $folder);
    kill STOP => -$job->{pid};
    one_line_error(run(command_line($breakeven, $folder)), 1, 'the second stops', qr/machine\.csv\.part' is being written/);
    is_deeply([grep { /breakeven/ } names_in($folder)], [], 'and leaves nothing');
    kill CONT => -$job->{pid};
    is(finish($job)->{exit}, 0, 'the first completes');
    is_deeply([names_in($folder)], [sort @{$bench->{files}}], 'with all its files, and nothing of the second');
};

# What an interrupted run left is kept, and its name is told.
for my $command (grep { $_->{name} =~ /bench|costs|convoy/ } @SOME) {
    subtest "$command->{name}: rows of an earlier run" => sub {
        my $folder = temp_folder();
        my $rows = $command->{files}[0];
        for my $n (1, 2) {
            spew("$folder/$rows.part", "rows\n" x 200);
            my $result = run(command_line($command, $folder));
            is($result->{exit}, 0, 'runs');
            like($result->{err}, qr/kept beside: \Q$folder\/$rows.part.$n\E$/m, 'names the file');
            ok(-s "$folder/$rows.part.$n", 'which is there');
        }
    };
}

my $terminal = build_program('terminal', '-lutil');
my $has_terminal = run($terminal, 'resize', 'true')->{exit} != 126;

for my $command (@SOME) {
    subtest "$command->{name}: the terminal is resized" => sub {
        plan(skip_all => 'the system gives no terminal') if !$has_terminal;
        my $folder = temp_folder();
        my $result = run({env => {TERM => 'xterm'}}, $terminal, 'resize', command_line($command, $folder));
        is($result->{exit}, 0, 'it completes') or diag($result->{out});
        is_deeply([whatever_happened($command, $folder, {%$result, left => []})], [], 'with all its rows');
    };

    subtest "$command->{name}: the terminal is closed" => sub {
        plan(skip_all => 'the system gives no terminal') if !$has_terminal;
        my $folder = temp_folder();
        my @command = ($GILSCOPE, $command->{name}, words(($long{$command->{name}} =~ s/-q//r) . ' --time=300ms'), '-o', "$folder");
        my $job = start({env => {TERM => 'xterm'}}, $terminal, 'close', @command);
        my $result = finish($job);
        is($result->{exit}, 129, 'ended as by SIGHUP');
        none_is_left($job);
        is_deeply([grep { !/\.part$/ } names_in($folder)], [], 'nothing has a final name');
        $folder = temp_folder();
        $result = run({env => {TERM => 'xterm'}}, $terminal, 'close', 'sh', '-c', 'trap "" HUP; exec "$@"', 'sh',
            command_line($command, $folder));
        is_deeply([grep { /\.part$/ } names_in($folder)], [], 'who ignores SIGHUP goes on to the end');
        is_deeply([sort @{$command->{files}}], [names_in($folder)], 'with all files');
        # The files are there; where the table was to go there is nothing any more.
        like($result->{exit}, qr/^[01]$/, 'and says that its table was not');
    };
}

done_testing();
