#!/usr/bin/env perl
# What is set in the environment, and the PUs that the process may use: neither may change what a
# row says.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use List::Util qw(max uniq);
use Test::More;

my $pus = usable_pus();

# Every list of PUs that threads of a process are bound to, "0-3" or "2", sorted.
sub bindings_of {
    my ($pid) = @_;
    my @lists;
    for my $path (glob "/proc/$pid/task/*/status") {
        open my $file, '<', $path or next;
        push @lists, map { /^Cpus_allowed_list:\s*(\S+)/ ? $1 : () } <$file>;
    }
    return join ' ', sort @lists;
}

# Runs one case long enough to be looked at: are its threads ever bound like that?
sub ends_up_bound {
    my ($environment, $wanted, @options) = @_;
    my $job = start({env => $environment}, $GILSCOPE, qw(bench -q -r 1000 -T 200ms -o), temp_folder(), @options);
    my $bound = poll_until(sub {
        join('|', map { bindings_of($_) } $job->{pid}, sort(children_of($job->{pid}))) =~ $wanted;
    });
    my $last = $bound || bindings_of($job->{pid});
    send_signal(TERM => $job);
    my $result = finish($job);
    is($result->{exit}, 128 + 15, 'ran until it was stopped') or diag($result->{err});

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return ok($bound, "bound like $wanted") || diag("last seen: $last");
}

my %openmp = (
    OMP_NUM_THREADS => ['1', '2,1', '7'],
    OMP_DYNAMIC => ['true'],
    OMP_PROC_BIND => ['true', 'close', 'spread', 'false', 'master'],
    OMP_PLACES => ['cores', 'threads', 'sockets', '{0}'],
    OMP_WAIT_POLICY => ['active', 'passive'],
    GOMP_SPINCOUNT => ['infinity', '0'],
    OMP_THREAD_LIMIT => ['5', '1000'],
    OMP_MAX_ACTIVE_LEVELS => ['1'],
    OMP_NESTED => ['true'],
    OMP_STACKSIZE => ['256k'],
    OMP_SCHEDULE => ['dynamic,1'],
    OMP_CANCELLATION => ['true'],
);

subtest 'no OpenMP variable changes what is run' => sub {
    my $tried = temp_folder();
    gilscope(words('bench -q -r 1 -n 20k -t 1 -v nogil -o'), $tried);
    # libomp 14 crashes in every child that is forked where places are listed one by one.
    $openmp{OMP_PLACES} = [qw(cores threads sockets)] if slurp("$tried/machine.csv") =~ /^openmp,libomp/m;
    for my $name (sort keys %openmp) {
        for my $value (@{$openmp{$name}}) {
            my $folder = temp_folder();
            my $result = gilscope({env => {$name => $value}}, words('bench -q -r 1 -n 20k -t 1,3 -o'), $folder);
            is($result->{exit}, 0, "$name=$value") or diag($result->{err});
            my @rows = csv_rows(slurp("$folder/bench.csv"));
            is(scalar(@rows), 1 + 2 * 7, 'every case');
            is_deeply([uniq(column('count', @rows))], [20_000], 'verified');
        }
    }
};

subtest 'fewer threads than asked for is an error that names the variable' => sub {
    my %limited = (env => {OMP_THREAD_LIMIT => 1});
    for my $variant (qw(critical ticks gil nogil tasks atomic pool)) {
        my $here = temp_folder();
        my $result = gilscope({%limited, cd => $here}, qw(bench -r 1 -n 20k -t 2 -v), $variant);
        next if $variant eq 'pool' && $result->{exit} == 0;    # its threads are processes
        one_line_error($result, 1, $variant, qr/OMP_THREAD_LIMIT/, qr/\b1\b/, qr/\b2\b/, qr/--threads/);
        is_deeply([names_in($here)], [], 'not a row');
    }
    my $result = gilscope(\%limited, qw(bench -q -r 1 -n 20k -t 1 -o), temp_folder());
    is($result->{exit}, 0, 'one thread is not too many');
};

subtest 'variables by which OpenMP starts no thread are named' => sub {
    for my $variable (['OMP_STACKSIZE', '1000G'], ['GOMP_CPU_AFFINITY', '100000']) {
        my ($name, $value) = @$variable;
        my $here = temp_folder();
        my $result = gilscope({env => {$name => $value}, cd => $here}, qw(bench -q -r 1 -n 20k -t 2 -v nogil));
        next if $result->{exit} == 0;    # libomp does without
        one_line_error($result, 1, $name, qr/\Q$name=$value\E/);
        is_deeply([names_in($here)], [], 'not a row');
    }
};

subtest 'a limit with a list: the largest count decides' => sub {
    my %limited = (env => {OMP_THREAD_LIMIT => 3});
    one_line_error(gilscope(\%limited, words('bench -n 20k -t 2,4 -o'), temp_folder()), 1, 'four of three',
        qr/OMP_THREAD_LIMIT/, qr/\b4\b/);
    is(gilscope(\%limited, words('bench -q -r 1 -n 20k -t 2,3 -o'), temp_folder())->{exit}, 0, 'three of three');
};

subtest 'threads are where topo says, whatever OpenMP is told' => sub {
    plan(skip_all => 'one usable PU') if $pus < 2;
    for my $policy (qw(core compact spread)) {
        my @slots = map { $_->{pu_os} } (topo_rows("--pin=$policy"))[0, 1];
        my $both = join ' ', sort @slots;
        for my $environment ({}, {OMP_PROC_BIND => 'close'}, {OMP_PROC_BIND => 'spread', OMP_PLACES => 'threads'}) {
            note(join ' ', $policy, %$environment);
            ends_up_bound($environment, qr/^$both$/, '-p', $policy, qw(-v nogil -t 2));
        }
    }
    my ($first, $second) = map { $_->{pu_os} } (topo_rows())[0, 1];
    ends_up_bound({}, qr/\|$first\|$second$|\|$second\|$first$/, qw(-v pool -t 2));
};

subtest 'the usable PUs are the same, whether OpenMP binds or not' => sub {
    my $here = gilscope('topo', '--csv')->{out};
    for my $environment ({OMP_PROC_BIND => 'true'}, {OMP_PROC_BIND => 'spread'}, {OMP_PLACES => 'threads'},
        {OMP_PROC_BIND => 'close', OMP_PLACES => 'cores'}, {OMP_PROC_BIND => 'master'}) {
        is(gilscope({env => $environment}, 'topo', '--csv')->{out}, $here, join(' ', %$environment));
    }
};

subtest 'OMP_PLACES that leaves PUs out is taken at its word' => sub {
    my $last = max(column('pu_os', topo_rows()));
    my $result = gilscope({env => {OMP_PLACES => "{$last}"}}, 'topo', '--csv');
    plan(skip_all => 'this OpenMP does not bind') if csv_rows($result->{out}) > 1;
    is(join(' ', column('pu_os', csv_rows($result->{out}))), $last, "topo shows PU $last alone");
};

subtest 'unpinned threads may run anywhere, whatever OpenMP is told' => sub {
    plan(skip_all => 'one usable PU') if $pus < 2;
    my ($all) = bindings_of($$);
    for my $environment ({}, {OMP_PROC_BIND => 'true'}, {OMP_PROC_BIND => 'close', OMP_PLACES => 'threads'}) {
        note(join ' ', 'none', %$environment);
        ends_up_bound($environment, qr/^$all $all$/, qw(-p none -v nogil -t 2));
    }
    note('after pinned cases');
    ends_up_bound({}, qr/^$all $all$/, '-p', 'none,core', qw(-v nogil -t 2));
};

subtest 'more threads than PUs: wrapped around, marked, and all there' => sub {
    my $folder = temp_folder();
    my $many = max(64, $pus + 1);
    my $result = gilscope(qw(bench -r 1 -n 64k -t), $many, '-o', $folder);
    is($result->{exit}, 0, "$many threads on $pus PUs");
    my @rows = grep { $_->{variant} ne 'serial' } csv_rows(slurp("$folder/bench.csv"));
    is(scalar(@rows), 7, 'all variants');
    is_deeply([uniq(map { "@$_{qw(threads count oversubscribed)}" } @rows)], ["$many 64000 1"],
        'verified and marked');
    like($result->{out}, qr/^threads .*\*/m, 'in the table, too');
    like($result->{out}, qr/^\* more threads than usable PUs/m, 'with a legend');
};

subtest 'one usable core' => sub {
    plan(skip_all => 'no taskset here') if !have('taskset');
    my $last = max(column('pu_os', topo_rows()));
    my @rows = csv_rows(run('taskset', '-c', $last, $GILSCOPE, 'topo', '--csv')->{out});
    is(join(' ', column('pu_os', @rows)), $last, "topo shows PU $last alone");
    my $folder = temp_folder();
    my $result = run('taskset', '-c', $last, $GILSCOPE, @$TINY, '--pin=core,none', '-o', $folder);
    is($result->{exit}, 0, 'bench runs');
    @rows = csv_rows(slurp("$folder/bench.csv"));
    is(scalar(@rows), 2 * 2 * (1 + 2 * 7), 'every case');
    is_deeply([uniq(map { "$_->{threads} $_->{oversubscribed}" } sort { $a->{threads} <=> $b->{threads} } @rows)],
        ['1 0', '2 1'], 'two threads are too many');
    my %fact = csv_table(slurp("$folder/machine.csv"));
    is($fact{usable_pus}, 1, 'machine.csv knows');
    cmp_ok($fact{pus}, '>=', $pus, 'and how many there are in all');
    like($result->{out}, qr/: 1 core, 1 PU usable/, 'the table says so');
    unlike($result->{out}, qr/\b(?:nan|inf)\b/i, 'with numbers only');
};

subtest 'the second PU alone: threads go there' => sub {
    plan(skip_all => 'no taskset, or one PU') if !have('taskset') || $pus < 2;
    my $last = max(column('pu_os', topo_rows()));
    my $job = start('taskset', '-c', $last, $GILSCOPE, qw(bench -q -r 1000 -T 100ms -v nogil -t 2 -o), temp_folder());
    ok(poll_until(sub { bindings_of($job->{pid}) eq "$last $last" }), "both on $last");
    send_signal(TERM => $job);
    finish($job);
};

subtest 'few processes allowed: an error, not fewer workers' => sub {
    my $folder = temp_folder();
    chmod 0777, $folder;
    my $user = $> == 0 ? 65534 : undef;    # root has no such limit
    # A sanitizer looks for leaks from a process of its own, which is not allowed either
    my $bench = 'ulimit -u 1 2>/dev/null || ulimit -p 1 || exit 99; export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"; exec "$@"';
    my $result = run({user => $user}, 'sh', '-c', $bench, 'sh', $GILSCOPE,
        qw(bench -q -r 1 -n 20k -t 8 -v pool -o), $folder);
    plan(skip_all => 'no such limit here') if ($result->{exit} // 0) =~ /^(99|12[67])$/;
    is($result->{exit}, 1, 'fails');
    like($result->{err}, qr/\Agilscope: pool: cannot fork [^\n]*ulimit -u[^\n]*\n\z/, 'in one line');
    ok(!-e "$folder/bench.csv", 'and is not called complete');
};

subtest 'few files allowed: an error that names the limit' => sub {
    my $folder = temp_folder();
    my $result = shell('ulimit -n 16; exec "$@"', $GILSCOPE, qw(bench -q -r 1 -n 20k -t 40 -v pool -o), $folder);
    is($result->{exit}, 1, 'fails');
    (my $said = $result->{err}) =~ s/^OMP: [^\n]*\n//mg;    # libomp has a word of its own to say
    like($said, qr/\Agilscope: pool: [^\n]*ulimit -n[^\n]*\n\z/, 'in one line');
    ok(!-e "$folder/bench.csv", 'and is not called complete');
};

subtest 'a surrounding that is bare or odd' => sub {
    my $result = run('env', '-i', $GILSCOPE, @$TINY, '-vnogil', '-o', temp_folder());
    is($result->{exit}, 0, 'no environment at all');
    $result = gilscope({env => {TERM => undef, HOME => undef, TZ => 'nonsense'}}, @$TINY, '-q', '-vnogil',
        '-o', temp_folder());
    is($result->{exit}, 0, 'no TERM, a TZ that is none');
    $result = shell('exec "$@" <&- ', $GILSCOPE, @$TINY, '-q', '-vnogil', '-o', temp_folder());
    is($result->{exit}, 0, 'stdin closed');
};

done_testing();
