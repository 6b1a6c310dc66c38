#!/usr/bin/env perl
# gilscope convoy: its files, what it says, its interpreters, and how it ends.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use IO::Socket::INET;
use IPC::Open2 qw(open2);
use List::Util qw(uniq sum);
use POSIX ();
use Test::More;

my @files = qw(convoy-latency.csv convoy-machine.csv convoy-summary.csv convoy.csv);
my @small = words('convoy -r 2 -T 30ms');

# A small run in a folder of its own: the folder and what it said.
sub convoy {
    my @options = @_;
    my $folder = temp_folder();
    my $result = gilscope(@small, @options, '-o', $folder);
    is($result->{exit}, 0, "convoy @options") or diag($result->{err});
    return ($folder, $result);
}

sub rows { return csv_rows(slurp("$_[0]/convoy.csv")) }
sub summary { return csv_rows(slurp("$_[0]/convoy-summary.csv")) }
sub served { return grep { $_->{requests} ne '' } @_ }
sub case_of { return "@{$_[0]}{qw(system lock pin hogs switch_interval_s)} @{[$_[0]{requests} eq '' ? 'alone' : '']}" }

subtest 'a chunk that outlasts everything ends with the run' => sub {
    my $folder = temp_folder();
    my $result = gilscope(words('convoy -q -r1 -T20ms --lock=gil --hogs=1 --chunk=1000s -o'), $folder);
    is($result->{exit}, 0, 'it ends') or diag($result->{err});
    my ($served) = grep { $_->{hogs} == 1 && $_->{requests} ne '' } csv_rows(slurp("$folder/convoy.csv"));
    # None was answered once the hog had the lock; the I/O thread may have had it first.
    ok(defined $served, 'with its row');
};

subtest 'its files, and every case in every block' => sub {
    my ($folder, $result) = convoy();
    is(join(' ', names_in($folder)), "@files", 'three files');
    my @rows = rows($folder);
    is(scalar(@rows), 2 * 4 * (1 + 3), 'four locks: one hog alone and 0, 1, 2 hogs, in two blocks');
    my %seen;
    $seen{case_of($_) . $_->{rep}}++ for @rows;
    is(join(' ', grep { $_ != 1 } values %seen), '', 'each once');
    is(join(' ', sort(uniq(column('lock', @rows)))), 'critical gil none ticks', 'the locks');
    is(join(' ', uniq(column('pin', @rows))), 'none', 'unpinned');
    is(join(' ', uniq(map { $_->{switch_interval_s} } grep { $_->{lock} eq 'gil' } @rows)), '0.005', 'an interval of gil');
    is(join('', map { $_->{switch_interval_s} } grep { $_->{lock} ne 'gil' } @rows), '', 'of gil alone');
    for my $row (served(@rows)) {
        my $name = "$row->{lock}, $row->{hogs} hogs";
        # Beside a hog that is never made to give the lock up a short run may see no answer
        cmp_ok($row->{requests} + ($row->{hogs} > 0 ? $row->{unanswered} : 0), '>', 0, "$name: answered");
        is($row->{wrong}, 0, 'every answer is one');
        near($row->{requests_per_s}, $row->{requests} / $row->{wall_s}, 'the rate');
        my @tail = @$row{qw(p50_s p90_s p99_s p999_s longest_s)};
        is("@tail", join(' ', sort { $a <=> $b } @tail), 'percentiles ascend');
        is($row->{hogs_rate_per_s} eq '', $row->{hogs} == 0, 'a speed where there are hogs');
    }
    like($result->{err}, qr/^wrote .*convoy\.csv/m, 'it says where');
};

subtest 'the share of the hogs is of one alone, in the same block' => sub {
    my ($folder) = convoy('--lock=gil,none');
    my @rows = rows($folder);
    my %alone = map { ("$_->{lock} $_->{rep}" => $_->{hogs_rate_per_s}) } grep { $_->{requests} eq '' } @rows;
    is(scalar(keys %alone), 4, 'one for each lock and block');
    near($_->{hogs_share}, $_->{hogs_rate_per_s} / $alone{"$_->{lock} $_->{rep}"}, "share, $_->{lock}")
        for grep { $_->{hogs} > 0 } @rows;
};

subtest 'summary and latencies are those of the rows' => sub {
    my ($folder) = convoy('--lock=gil,none', '--hogs=0,1');
    my %rows;
    push @{$rows{case_of($_)}}, $_ for rows($folder);
    my @summary = summary($folder);
    is(scalar(@summary), scalar(keys %rows), 'a row a case');
    for my $case (@summary) {
        my @of = @{$rows{case_of($case)}};
        is($case->{reps}, 2, 'of both blocks');
        next if $case->{requests} eq '';
        is($case->{requests}, sum(column('requests', @of)), 'all requests');
        for my $figure (qw(requests_per_s p50_s longest_s)) {
            my ($low, $high) = sort { $a <=> $b } column($figure, @of);
            near($case->{$figure}, ($low + $high) / 2, $figure);
            near($case->{"${figure}_lo"}, $low, 'its range');
            near($case->{"${figure}_hi"}, $high, 'to');
        }
    }
    my %counted;
    for my $range (csv_rows(slurp("$folder/convoy-latency.csv"))) {
        ok($range->{from_s} < $range->{to_s} && $range->{count} > 0, 'a range') or last;
        $counted{join ' ', @$range{qw(system lock pin hogs switch_interval_s)}} += $range->{count};
    }
    my %all = map { (join(' ', @$_{qw(system lock pin hogs switch_interval_s)}) => $_->{requests}) } served(@summary);
    cmp_ok($counted{$_}, '>=', $all{$_}, "every latency is in one: $_") for sort keys %all;
};

subtest 'the report' => sub {
    my (undef, $result) = convoy('--pin=none,core');
    like($result->{out}, qr/^Answers of an I\/O thread beside hogs: pin $_$/m, "a table: pin $_") for qw(none core);
    for my $lock (qw(gil ticks critical none)) {
        like($result->{out}, qr/^\Q$lock\E +$_ /m, "$lock, $_ hogs") for 0 .. 2;
    }
    like($result->{out}, qr/^gil, the lock of CPython 3\.2 and later\nAlone: .*?\nBeside 1 CPU-bound thread: /ms, 'sentences');
    like($result->{out}, qr/^These are the figures of 2 blocks, and no more/m, 'which say that two blocks are few');
    unlike($result->{out}, qr/times as long/, 'and compare nothing');
    unlike($result->{out}, qr/^\d of \d figures agree/m, 'without an interpreter nothing is compared with one');
    is((grep { length > 80 } split /\n/, $result->{out}), 0, 'no line of more than 80 columns');
    unlike($result->{out}, qr/\b(?:nan|inf)\b/i, 'no figure that is none');
    my $quiet = gilscope(@small, words('-q --lock=none --hogs=0 -o'), temp_folder());
    is("$quiet->{out}$quiet->{err}", '', '--quiet says nothing');
};

subtest 'a sweep of switch intervals' => sub {
    my ($folder, $result) = convoy('--lock=gil,ticks', '--hogs=0,2', '--switch-interval=2ms,100us,2ms');
    is(join(' ', sort { $a <=> $b } uniq(map { $_->{switch_interval_s} } grep { $_->{lock} eq 'gil' } rows($folder))),
        '0.0001 0.002', 'each interval once');
    is(scalar(grep { $_->{lock} eq 'ticks' } rows($folder)), 2 * 3, 'ticks has none, and is not swept');
    like($result->{out}, qr/^Answers of an I\/O thread [^\n]*, switch interval $_\nlock [^\n]*\ngil +0 [^\n]*\ngil +2 [^\n]*\n\n/m, "a table of $_") for '100 us', '2.00 ms';
    like($result->{out}, qr/, no switch interval\nlock [^\n]*\nticks +0 [^\n]*\nticks +2 [^\n]*\n\n/m, 'and one of the lock without one');
    like($result->{out}, qr/^The frontier of gil: 2 hogs, pin none\n[^\n]+\n +100 us [^\n]+\n +2\.00 ms /m, 'the frontier');
    my ($one, $plain) = convoy('--lock=gil', '--hogs=2');
    unlike($plain->{out}, qr/frontier/, 'of one interval there is none');
};

subtest 'lists: in any order, and twice is once, as everywhere' => sub {
    my %hogs = ('1,1' => '1', '0,0' => '0', '2,0,2' => '0 2', '0-2' => '0 1 2', '0-2:2' => '0 2', '1,0-1' => '0 1');
    for my $list (sort keys %hogs) {
        my ($folder) = convoy('--lock=none,none', "--hogs=$list", '-r1', '-T2ms');
        is(join(' ', map { $_->{hogs} } served(rows($folder))), $hogs{$list}, "--hogs=$list");
    }
    my ($folder) = convoy('--lock=gil,gil', '--hogs=1,1', '--switch-interval=1ms,1000us,1ms', '-T2ms', '-r1');
    is(scalar(rows($folder)), 2, 'locks and intervals, too');
};

subtest 'a rate' => sub {
    # From 20 ms on, and to 220 ms: the 5th to the 47th, and none so near that rounding could decide.
    my ($folder) = convoy(words('--lock=none --hogs=0 --rate=215 -T 200ms'));
    for my $row (served(rows($folder))) {
        is($row->{rate_per_s}, 215, 'is in the rows');
        is($row->{requests} + $row->{unanswered} + $row->{unsent}, 43, 'all that were due are told');
        cmp_ok($row->{requests}, '>', 0, 'and some are answered');
        near($row->{wall_s}, 0.2, 'in the time');
    }
    is(sum(map { $_->{count} } csv_rows(slurp("$folder/convoy-latency.csv"))), 2 * 43, 'and stand in the latencies');
    my ($other) = convoy('--lock=none', '--hogs=0');
    is(join('', column('rate_per_s', rows($other))), '', 'without one there is none');
};

subtest 'more is due than can be answered' => sub {
    # From 10 ms on, and to 110 ms, one every 100 ns: a million, whatever the machine can do.
    my ($folder) = convoy(words('--lock=none --hogs=0 --rate=10000000 -T 100ms'));
    for my $row (served(rows($folder))) {
        cmp_ok($row->{unsent}, '>', 0, 'some are not sent');
        is($row->{requests} + $row->{unanswered} + $row->{unsent}, 1_000_000, 'and all are told');
    }
    is(sum(map { $_->{count} } csv_rows(slurp("$folder/convoy-latency.csv"))), 2 * 1_000_000, 'and stand in the latencies');
};

subtest '--csv: the rows on standard output' => sub {
    my ($folder, $result) = convoy('--csv', '--lock=none', '--hogs=0,1');
    is($result->{out}, slurp("$folder/convoy.csv"), 'as in the file');
};

subtest 'one usable PU' => sub {
    plan(skip_all => 'no taskset here') if !have('taskset');
    my ($cpu) = column('pu_os', topo_rows());
    my $result = run('taskset', '-c', $cpu, $GILSCOPE, @small, words('--hogs=0,2 -o'), temp_folder());
    is($result->{exit}, 0, 'it runs') or diag($result->{err});
};

# The clients of the program: children that run nothing else.
sub clients { return children_of($_[0]{pid}) }

subtest 'Ctrl-C: what was measured is kept, and summarised' => sub {
    my $folder = temp_folder();
    my $job = start($GILSCOPE, words('convoy -r 100 -T 30ms -o'), $folder);
    ok(poll_until(sub { -e "$folder/convoy.csv.part" && slurp("$folder/convoy.csv.part") =~ /(?:.*\n){20}/ }),
        'it runs and writes');
    send_signal(INT => $job);
    my $result = finish($job, 20);
    is($result->{exit}, 130, 'exit code 130');
    is(join(' ', names_in($folder)), join(' ', map { "$_.part" } @files), 'nothing is called complete');
    cmp_ok(scalar(csv_rows(slurp("$folder/convoy.csv.part"))), '>=', 19, 'the rows are there');
    is(scalar(csv_rows(slurp("$folder/convoy-summary.csv.part"))), 16, 'and their summary');
    like($result->{err}, qr/^not complete: [^\n]*convoy\.csv\.part$/m, 'and it says where');
    like($result->{out}, qr/^Beside 1 CPU-bound thread: /m, 'with the sentences');
};

subtest 'Ctrl-C while an I/O thread waits for a lock that nobody gives up' => sub {
    my $folder = temp_folder();
    my $job = start($GILSCOPE, words('convoy -T 100s --lock=gil --hogs=2 --switch-interval=1000s -o'), $folder);
    poll_until(sub { clients($job) }, 5); # or one hog alone is first, for all of the time
    send_signal(INT => $job);
    is(finish($job, 20)->{exit}, 130, 'it ends, with exit code 130');
};

subtest 'a client that is killed is replaced, and the run complete' => sub {
    my $folder = temp_folder();
    my $job = start($GILSCOPE, words('convoy -r 1 -T 500ms --lock=none --hogs=0 -o'), $folder);
    my ($client) = @{poll_until(sub { my @all = clients($job); @all ? \@all : undef }) || []};
    ok($client, 'there is a client') && kill(KILL => $client);
    my $result = finish($job, 20);
    is($result->{exit}, 0, 'exit code 0') or diag($result->{err});
    is(scalar(rows($folder)), 1, 'with its row');
};

subtest 'a client that is killed again and again: one line' => sub {
    my $folder = temp_folder();
    my $job = start($GILSCOPE, words('convoy -r 1 -T 2s --lock=none --hogs=1 -o'), $folder);
    my %killed;
    ok(poll_until(sub { $killed{$_}++ || kill(KILL => $_) for clients($job); keys %killed >= 3 }), 'three were killed');
    my $result = finish($job, 20);
    is($result->{exit}, 1, 'exit code 1');
    like($result->{err}, qr/^gilscope: the client [^\n]*died 3 times/m, 'which says so');
};

subtest 'no client outlives the program' => sub {
    my $job = start($GILSCOPE, words('convoy -T 100s --lock=none --hogs=0 -o'), temp_folder());
    my ($client) = @{poll_until(sub { my @all = clients($job); @all ? \@all : undef }) || []};
    send_signal(KILL => $job);
    finish($job, 20);
    ok($client && poll_until(sub { !alive($client) }), 'it is gone too');
};

subtest 'bad options' => sub {
    my %bad = (
        '--hogs=' => qr/--hogs/, '--hogs=0,' => qr/--hogs/, '--hogs=2-0' => qr/--hogs/, '--hogs=257' => qr/--hogs/,
        '--lock=gill' => qr/did you mean 'gil'/, '--lock=' => qr/--lock/, '--rate=0' => qr/--rate/, '--time=1us' => qr/--time: too short/,
        '--rate=1.5' => qr/--rate/, '--switch-interval=5' => qr/--switch-interval/, '--switch-interval=1ms,' => qr/--switch/,
        '--held=2' => qr/--held/, '--hosg=1' => qr/did you mean '--hogs'/, '--threads=2' => qr/--threads/);
    one_line_error(gilscope('convoy', $_), 2, $_, $bad{$_}) for sort keys %bad;
    my %useless = (
        '--pin=core --python=python3' => qr/--python: [^\n]*unpinned[^\n]*--pin=core,none/,
        '--pin=core,compact --python=auto' => qr/--python: [^\n]*unpinned/,
        '--python=python3 --held=3us' => qr/--held is of the models/,
        '--chunk=1k --python=python3' => qr/--chunk is of the models/,
        '--hogs=0 --chunk=1us' => qr/--chunk makes no difference without hogs/,
        '--hogs=0 --switch-interval=1ms' => qr/--switch-interval makes no difference without hogs/);
    for my $options (sort keys %useless) {
        my $here = temp_folder();
        one_line_error(gilscope({cd => $here}, words("convoy $options")), 2, "which would change nothing: $options", $useless{$options});
        is(join(' ', names_in($here)), '', 'nothing is written');
    }
    one_line_error(gilscope(words('convoy --lock=ticks --switch-interval=1ms -o'), temp_folder() . '/new'), 2,
        'an interval without gil', qr/--switch-interval/);
    one_line_error(gilscope(words('convoy --rate=1 -T 100ms -o'), temp_folder() . '/new'), 2,
        'a rate at which nothing is due', qr/--rate/);
};

subtest 'an interpreter that misbehaves costs a line' => sub {
    my $home = temp_folder();
    symlink "$ROOT/tests/fake-python", "$home/garbles" or die;
    my $folder = temp_folder();
    my $result = gilscope(@small, '--lock=none', '--hogs=0', "--python=$home/garbles,$home/no-such", '-o', $folder);
    is($result->{exit}, 1, 'exit code 1, since nothing of them was measured');
    like($result->{err}, qr/^gilscope: left out: cpython-3\.11, 0 hogs: answered with [^\n]*not asked again$/m, 'one of them');
    like($result->{err}, qr{^gilscope: interpreter left out: .*no-such}m, 'and one that is not there');
    is(join(' ', uniq(column('system', rows($folder)))), 'model', 'and its rows');
};

subtest 'a real interpreter beside its model' => sub {
    my $python = (grep { have($_) } qw(python3 python2.7 pypy3))[0];
    plan(skip_all => 'no Python here') if !$python;
    my ($folder, $result) = convoy('--hogs=0,1', "--python=$python", '--pin=core,none');
    my @theirs = grep { $_->{system} ne 'model' } rows($folder);
    is(scalar(@theirs), 2 * (1 + 2), 'alone, and with 0 and 1 hog, unpinned, in both blocks') or diag($result->{err});
    is(join(' ', uniq(column('lock', @theirs))), 'own', 'with a lock of its own');
    is(join('', column('handoffs', @theirs)), '', 'whose hand-offs nobody knows');
    cmp_ok($_->{requests}, '>', 0, "answered with $_->{hogs} hogs") for served(@theirs);
    is(join(' ', uniq(column('wrong', served(@theirs)))), '0', 'and every answer is one');
    like($result->{out}, qr/^The interpreters beside their models .*\n.*\n\S+ +\S+ +0 /m, 'and is set beside the model');
    like($result->{out}, qr/^0 of \d+ figures agree within 25 %, 0 are apart, \d+ are undecided/m, 'with which two blocks do not agree');
};

# Who starts it asks for a socket and then to serve for so many seconds; nobody says that there are no more.
subtest 'the interpreter ends in time, whatever is sent to it' => sub {
    my $python = (grep { have($_) } qw(python3 python2.7 pypy3))[0];
    plan(skip_all => 'no Python here') if !$python;
    my $pid = open2(my $from, my $to, $python, "$ROOT/src/python/convoy.py", 'serve');
    like(scalar(<$from>), qr/serve=ok/, 'it is there');
    print {$to} "open\n";
    my ($port) = <$from> =~ /^port (\d+)$/;
    my $socket = IO::Socket::INET->new(Proto => 'udp', PeerAddr => '127.0.0.1', PeerPort => $port);
    my $flood = fork // die;
    if (!$flood) {
        while (getppid != 1) { $socket->send(pack('QQ', 1, 2)) }
        POSIX::_exit(0);
    }
    local $SIG{ALRM} = sub { kill KILL => $pid, $flood };
    alarm 30;
    print {$to} "serve 0 1 0.2 -\n";
    like(scalar(<$from>), qr/^ok \d/, 'it answers');
    alarm 0;
    kill KILL => $flood, $pid;
    waitpid $_, 0 for $flood, $pid;
};

subtest 'Ctrl-C while an interpreter serves: nothing stays behind' => sub {
    my $python = (grep { have($_) } qw(python3 python2.7 pypy3))[0];
    plan(skip_all => 'no Python here') if !$python;
    my $folder = temp_folder();
    my $job = start($GILSCOPE, words('convoy -T 1s --lock=none --hogs=0,2 -r 100 -o'), $folder, "--python=$python");
    my $children = poll_until(sub { my @all = clients($job); -e "$folder/convoy.csv.part" && @all > 1 ? \@all : undef }) || [];
    send_signal(INT => $job);
    is(finish($job, 20)->{exit}, 130, 'exit code 130');
    cmp_ok(scalar(@$children), '>', 1, 'the interpreter and a client were there');
    ok(poll_until(sub { !grep { alive($_) } @$children }), 'and are gone');
};

done_testing();
