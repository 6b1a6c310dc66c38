#!/usr/bin/env perl
# Where output cannot go: folders that are none, disks that are full, readers that leave. Nothing
# measured is lost, nothing complete is replaced by something incomplete, and one line says why.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use Test::More;

my @small = words('bench -r 2 -n 20k -t 1,2 -v gil,nogil');

# A .part file: its header and whole rows.
sub rows_of_part {
    my ($path) = @_;
    my $text = slurp($path);

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    like($text, qr/\A(?:variant,|key,)[^\n]*\n(?:.*\n)?\z/s, "$path: a header, whole lines");
    return csv_rows($text);
}

subtest 'a folder that cannot be made' => sub {
    my $here = temp_folder();
    spew("$here/file", "mine\n");
    for my $folder ("$here/file", "$here/file/sub", '/proc/nowhere', '/dev/null') {
        one_line_error(gilscope(@small, '-o', $folder), 1, $folder, qr/'\Q$folder\E/, qr/--output/);
    }
    is(slurp("$here/file"), "mine\n", 'the file in its place is as it was');
};

subtest 'a folder that cannot be written to' => sub {
    my $here = temp_folder();
    my $folder = "$here/results";
    mkdir $folder;
    spew("$folder/bench.csv", "earlier\n");
    chmod 0555, $folder;
    my $user = $> == 0 ? 65534 : undef;    # root may write anywhere
    my $may_run = run({user => $user}, $GILSCOPE, '--version');
    plan(skip_all => 'another user cannot run the program') if ($may_run->{exit} // 1) != 0;
    my $result = run({user => $user}, $GILSCOPE, @small, '-o', $folder);
    one_line_error($result, 1, 'read-only', qr/'\Q$folder\E/, qr/Permission denied/, qr/--output/);
    is(slurp("$folder/bench.csv"), "earlier\n", 'the earlier file is as it was');
    $result = run({user => $user}, $GILSCOPE, @small, '-o', "$folder/new");
    one_line_error($result, 1, 'nor can one in it be made', qr{results/new'}, qr/--output/);
    chmod 0755, $folder;
};

subtest 'a file that cannot be replaced' => sub {
    my $here = temp_folder();
    mkdir "$here/bench.csv";
    my $result = gilscope(@small, '-q', '-o', $here);
    one_line_error($result, 1, 'a folder called bench.csv', qr/bench\.csv/);
    is(scalar(rows_of_part("$here/bench.csv.part")), 10, 'what was measured is there');
    mkdir "$here/x";
    mkdir "$here/x/bench.csv.part";
    one_line_error(gilscope(@small, '-q', '-o', "$here/x"), 1, 'a folder called bench.csv.part',
        qr/bench\.csv\.part/);
};

subtest 'rows to a full disk' => sub {
    plan(skip_all => 'no /dev/full here') if !-w '/dev/full';
    my $here = temp_folder();
    my $result = gilscope({stdout => '/dev/full'}, @small, '--csv', '-o', $here);
    is($result->{exit}, 1, 'exit code 1');
    like($result->{err}, qr/^gilscope: cannot write to standard output: No space left on device$/m, 'why');
    is(scalar(() = $result->{err} =~ /^gilscope: /mg), 1, 'once');
    ok(!-e "$here/bench.csv", 'nothing is called complete');
};

subtest 'the table to a full disk' => sub {
    plan(skip_all => 'no /dev/full here') if !-w '/dev/full';
    my $here = temp_folder();
    my $result = gilscope({stdout => '/dev/full'}, @small, '-o', $here);
    is($result->{exit}, 1, 'exit code 1');
    like($result->{err}, qr/^gilscope: cannot write to standard output: No space left on device$/m, 'why');
    is(scalar(csv_rows(slurp("$here/bench.csv"))), 10, 'the files are complete');
    is(join(' ', names_in($here)), 'bench-summary.csv bench.csv machine.csv topology.xml', 'all of them');
    for my $command (['list'], ['topo'], ['topo', '--csv'], ['--help'], ['--version'], ['bench', '--help']) {
        $result = gilscope({stdout => '/dev/full'}, @$command);
        is($result->{exit}, 1, "@$command");
        like($result->{err}, qr/\Agilscope: cannot write to standard output: [^\n]+\n\z/, 'says why');
    }
};

# In a mount namespace of its own a file system of 24 KiB: whatever happens, nothing stays mounted.
subtest 'results on a full file system' => sub {
    my $here = temp_folder();
    mkdir "$here/disk";
    mkdir "$here/kept";
    my $in_it = 'mount -t tmpfs -o size=24k none "$1/disk" || exit 99; here=$1; shift; "$@"; status=$?; '
        . 'cp "$here"/disk/* "$here/kept/"; exit $status';
    my $try = $> == 0 && have('unshare') ? run('unshare', '-m', 'sh', '-c', $in_it, 'sh', $here, 'true') : {exit => 99};
    plan(skip_all => 'no file system can be mounted here') if ($try->{exit} // 99) != 0;
    my $result = run('unshare', '-m', 'sh', '-c', $in_it, 'sh', $here, $GILSCOPE,
        words('bench -r 1000 -n 100 -t 1 -v nogil -o'), "$here/disk");
    is($result->{exit}, 1, 'exit code 1');
    like($result->{err}, qr/^gilscope: cannot write '[^']*\.csv\.part': No space left on device/m, 'why');
    is(scalar(() = $result->{err} =~ /^gilscope: /mg), 1, 'once');
    ok(!-e "$here/kept/bench.csv", 'nothing is called complete');
    cmp_ok(scalar(rows_of_part("$here/kept/bench.csv.part")), '>', 50, 'what fitted is there');
};

subtest 'a limit on the size of files' => sub {
    my $here = temp_folder();
    my $result = shell('ulimit -f 16 || exit 99; exec "$@"', $GILSCOPE,
        words('bench -r 1000 -n 100 -t 1 -v nogil -o'), $here);
    plan(skip_all => 'no such limit here') if ($result->{exit} // 0) == 99;
    is($result->{exit}, 1, 'exit code 1, not a signal') or diag("signal $result->{signal}");
    like($result->{err}, qr/^gilscope: cannot write '[^']*': File too large/m, 'why');
    cmp_ok(scalar(rows_of_part("$here/bench.csv.part")), '>', 50, 'what fitted is there');
};

# Reads one line of what the program prints, then closes the pipe.
sub read_one_line {
    my @command = @_;
    pipe my $read, my $write or die "no pipe: $!";
    my $job = start({stdout => $write}, @command);
    close $write;
    my $line = <$read>;
    close $read;
    return ($line, finish($job));
}

subtest 'rows into a pipe that closes early' => sub {
    my $here = temp_folder();
    my ($line, $result) = read_one_line($GILSCOPE, words('bench -r 1000 -T 1ms -t 1,2 --csv -o'), $here);
    like($line, qr/\Avariant,/, 'the reader got its line');
    is($result->{exit}, 128 + 13, 'the exit code is that of SIGPIPE');
    like($result->{err}, qr/\A(?:[^\n]*bench\.csv\.part[^\n]*\n)?\z/, 'no noise');
    ok(!-e "$here/bench.csv", 'nothing is called complete');
    # The reader may have gone before there was a row.
    rows_of_part("$here/$_") for grep { -e "$here/$_" } map { "$_.part" } qw(bench.csv bench-summary.csv machine.csv);
};

subtest 'rows of convoy into a pipe that closes early' => sub {
    my $here = temp_folder();
    my ($line, $result) = read_one_line($GILSCOPE, words('convoy -r 1000 -T 10ms --lock=none --hogs=0 --csv -o'), $here);
    like($line, qr/\Asystem,/, 'the reader got its line');
    is($result->{exit}, 128 + 13, 'the exit code is that of SIGPIPE');
    ok(!-e "$here/convoy.csv", 'nothing is called complete');
};

subtest 'other output into a pipe that is closed' => sub {
    my $here = temp_folder();
    pipe my $read, my $write or die "no pipe: $!";
    close $read;
    my $result = finish(start({stdout => $write}, $GILSCOPE, @small, '-o', $here));
    is($result->{exit}, 128 + 13, 'the table');
    is(scalar(csv_rows(slurp("$here/bench.csv"))), 10, 'the files are complete');
    like($result->{err}, qr/\Awrote [^\n]*\n\z/, 'no noise');
    for my $command (['list'], ['topo', '--csv'], ['--help']) {
        $result = finish(start({stdout => $write}, $GILSCOPE, @$command));
        is($result->{exit}, 128 + 13, "@$command");
        is($result->{err}, '', 'no noise');
    }
};

subtest 'two at once in the same folder' => sub {
    my $here = temp_folder();
    my $first = start($GILSCOPE, words('bench -q -r 1000 -T 5ms -t 2 -o'), $here);
    ok(poll_until(sub { -s "$here/bench.csv.part" }), 'one runs');
    my $result = gilscope(@small, '-o', $here);
    one_line_error($result, 1, 'the other', qr/bench\.csv\.part'/, qr/another gilscope/, qr/--output/);
    ok(Gilscope::alive($first->{pid}), 'does not disturb it');
    send_signal(TERM => $first);
    is(finish($first)->{exit}, 128 + 15, 'which goes on until it is stopped');
    rows_of_part("$here/bench.csv.part") if -e "$here/bench.csv.part";    # it may have had no row yet
    is(gilscope(@small, '-q', '-o', $here)->{exit}, 0, 'then the folder is free');
};

subtest 'what an interrupted run left is kept' => sub {
    my $here = temp_folder();
    gilscope(@small, '-q', '-o', $here);
    my $first = slurp("$here/bench.csv");
    gilscope(@small, '-q', '-o', $here);
    my $second = slurp("$here/bench.csv");
    spew("$here/bench.csv.part", $first);
    my $result = gilscope(@small, '-o', $here);
    is($result->{exit}, 0, 'a run');
    like($result->{err}, qr/^gilscope: .*kept beside: .*bench\.csv\.part/m, 'says so');
    ok(slurp("$here/bench.csv.part.1") eq $first, 'as bench.csv.part.1');
    spew("$here/bench.csv.part", $second);
    gilscope(@small, '-q', '-o', $here);
    ok(slurp("$here/bench.csv.part.1") eq $first, 'which the next run leaves alone');
    ok(slurp("$here/bench.csv.part.2") eq $second, 'and uses the next number');
    ok(!-e "$here/bench.csv.part", 'its own is renamed');
    is(scalar(csv_rows(slurp("$here/bench.csv"))), 10, 'to a complete bench.csv');
};

subtest 'of a long path the middle is left out, not why it failed and what to do' => sub {
    my $folder = temp_folder();
    my $long = join '/', $folder, ('x' x 200) x 3;
    system 'mkdir', '-p', $long;
    spew("$long/file", '');
    one_line_error(gilscope(@$TINY, '-q', '-o', "$long/file"), 1, 'the line', qr/\A.*\Q$folder\E.*\.\.\..*--output/s);
};

done_testing();
