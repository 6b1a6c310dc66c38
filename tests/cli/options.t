#!/usr/bin/env perl
# Every option of every command: accepted in both of its forms, and having its effect.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use List::Util qw(max min uniq);
use Test::More;

# bench in a folder of its own; the rows of bench.csv.
sub bench {
    my $folder = temp_folder();
    my $result = gilscope('bench', @_, "--output=$folder");
    is($result->{exit}, 0, "bench @_") or diag($result->{err});
    return csv_rows(slurp("$folder/bench.csv"));
}

sub threads_of { return join ' ', sort { $a <=> $b } uniq(column('threads', @_)) }
sub order_of { return join ' ', map { join '/', @$_{qw(variant pin threads rep)} } @_ }

my @quick = qw(--reps=1 --count=20k);
my @usual = qw(serial critical ticks gil nogil tasks pool atomic);
my @variants = (@usual, qw(hold release));    # these make native calls: only where they are asked for
my @locks = qw(gil ticks critical);
my @policies = qw(core compact spread none);

subtest 'the program has help and a version, and asks for a command' => sub {
    for my $word (qw(--help -h help)) {
        my $help = gilscope($word);
        is($help->{exit}, 0, $word);
        like($help->{out}, qr/^  $_ /m, "$word lists $_") for qw(bench breakeven convoy topo list);
        is($help->{err}, '', 'nothing on stderr');
    }
    like(gilscope('--version')->{out}, qr/\Agilscope \S+\n\z/, '--version');
    my $alone = gilscope();
    is($alone->{exit}, 2, 'without a command');
    like($alone->{err}, qr/\Agilscope: [^\n]*bench[^\n]*\n\z/, 'a line names the first step');
};

subtest 'the help of each command lists its options, and it takes no other' => sub {
    my %takes = (
        bench => [qw(variant threads pin reps time count chunk switch-interval tasks output seed
            csv quiet python kernel length held lock shared help)],
        breakeven => [qw(length threads pin reps time held shared lock switch-interval output seed
            csv quiet kernel python help)],
        convoy => [qw(lock hogs switch-interval rate reps time pin chunk held output seed csv quiet
            python help)],
        costs => [qw(threads reps time output seed csv quiet kernel help)],
        topo => [qw(topology pin threads csv help)],
        list => [qw(help)],
    );
    for my $command (sort keys %takes) {
        my $help = gilscope($command, '--help');
        is($help->{exit}, 0, "$command --help");
        is_deeply([sort $help->{out} =~ /^  (?:-\w,|   ) --([\w-]+)/mg],
            [sort @{$takes{$command}}], "the options of $command");
        is(gilscope($command, '-h')->{out}, $help->{out}, "$command -h is the same");
    }
    for my $option (qw(--reps=3 --csv --output=x)) {
        is(gilscope('list', $option)->{exit}, 2, "list does not take $option");
    }
    is(gilscope('bench', '--topology=pu:2')->{exit}, 2, 'bench does not take --topology');
};

subtest 'list shows all variants, kernels and policies, which are those accepted' => sub {
    my $list = gilscope('list');
    is($list->{exit}, 0, 'list');
    my %section;
    my $name = '';
    for (split /\n/, $list->{out}) {
        $name = $1 if /^(\w[\w ]*?)(?:  |$)/;
        push @{$section{$name}}, $1 if /^  (\S+)/;
    }
    is_deeply($section{variants}, \@variants, 'variants');
    is($section{kernels}[0], 'countdown', 'kernels');
    is_deeply($section{'pin policies'}, \@policies, 'pin policies');
    is_deeply($section{locks}, \@locks, 'locks');
    my @rows = bench(@quick, '-t1', '-v', join(',', @variants), '-p', join(',', @policies));
    is_deeply([sort(uniq(column('variant', @rows)))], [sort @variants], 'all variants run');
    is_deeply([sort(uniq(column('pin', @rows)))], [sort @policies], 'under all policies');
};

subtest '--variant runs those named, and serial with them' => sub {
    for my $option (['--variant=gil'], ['--variant', 'gil'], ['-v', 'gil'], ['-vgil']) {
        my @rows = bench(@quick, '-t2', @$option);
        is(join(' ', sort(column('variant', @rows))), 'gil serial', "@$option");
    }
    my @rows = bench(@quick, '-t1', '-v', 'pool,ticks,pool');
    is(join(' ', sort(column('variant', @rows))), 'pool serial ticks', 'a list; twice is once');
};

subtest '--length, --lock, --held and --shared are for the variants that make calls' => sub {
    my @rows = bench(words('--reps=1 --count=20k -t2 -v hold,release --length=500'));
    for my $variant (qw(hold release)) {
        my ($row) = grep { $_->{variant} eq $variant } @rows;
        is($row->{chunk}, 500, "$variant: calls of 500 decrements");
        is($row->{count} % 500, 0, 'whole ones');
    }
    for my $lock (@locks) {
        @rows = bench(qw(--reps=1 --count=20k -t2 -v release --held=1us --shared=0), "--lock=$lock");
        is(join(' ', sort(column('variant', @rows))), 'release serial', "--lock=$lock");
    }
    @rows = bench(qw(--reps=1 --count=20k -t1 -v hold));
    my ($row) = grep { $_->{variant} eq 'hold' } @rows;
    cmp_ok($row->{chunk}, '>', 500, 'calls of 10 us unless told otherwise');
    is(join(' ', grep { /hold|release/ } column('variant', bench(@quick, '-t1'))), '',
        'not among all variants: they need a length');
    for my $option (qw(--length=1us --lock=gil --held=1us --shared=1)) {
        my ($name) = $option =~ /(--\w+)/;
        one_line_error(gilscope('bench', '-v', 'gil', $option), 2, "$option without them", qr/$name/,
            qr/hold,release/);
    }
    one_line_error(gilscope(words('bench -v hold --length=1us,2us')), 2, 'two lengths', qr/--length/, qr/breakeven/);
};

subtest '--threads takes lists, ranges and steps' => sub {
    my %counts = (
        '1,2,4' => '1 2 4', '1-3' => '1 2 3', '1-5:2' => '1 3 5', '3,1' => '1 3',
        '2-2' => '2', '1-2,2-4:2,7' => '1 2 4 7');
    for my $list (sort keys %counts) {
        my @rows = grep { $_->{variant} eq 'nogil' } bench(@quick, '-v', 'nogil', '-t', $list);
        is(threads_of(@rows), $counts{$list}, $list);
    }
    my @rows = grep { $_->{variant} eq 'nogil' } bench(@quick, '-vnogil', '--threads=2');
    is(threads_of(@rows), '2', 'the long form');
};

subtest 'without --threads: one to four at least, and all usable PUs' => sub {
    my @rows = bench(@quick, '-v', 'nogil');
    my @counts = split / /, threads_of(@rows);
    is("@counts[0 .. 3]", '1 2 3 4', 'what lies past two cores shows');
    is($counts[-1], max(4, usable_pus()), 'the last is what the machine has');
};

subtest 'serial runs with one thread, whatever is asked for' => sub {
    my @rows = grep { $_->{variant} eq 'serial' } bench(@quick, '-t', '2,3');
    is_deeply([column('threads', @rows)], [1], 'once');
};

subtest '--pin runs all cases under each policy, a baseline each' => sub {
    for my $option (['--pin=none,core'], ['-p', 'none,core'], ['-pnone,core']) {
        my @rows = bench(@quick, '-v', 'nogil', '-t', '2', @$option);
        is(join(' ', sort map { "$_->{variant}/$_->{pin}" } @rows),
            'nogil/core nogil/none serial/core serial/none', "@$option");
    }
    my @rows = bench(@quick, '-v', 'nogil', '-t', '1');
    is_deeply([uniq(column('pin', @rows))], ['core'], 'core where nothing is said');
};

subtest '--reps is the number of blocks' => sub {
    for my $option (['--reps=3'], ['-r', '3'], ['-r3']) {
        my @rows = bench(@$option, qw(-n 20k -t 1 -v nogil));
        is(scalar(@rows), 6, "@$option: two cases, three times");
        is(join(' ', map { $_->{rep} } @rows), '1 1 2 2 3 3', 'block by block');
    }
};

subtest '--count is done exactly, by every variant, however it is written' => sub {
    for my $count ('100k', '1e5', '100000', '0.1M', '100K') {
        my @rows = bench('-r1', '-t2', "--count=$count");
        is_deeply([uniq(column('count', @rows))], [100_000], "--count=$count");
        is(scalar(@rows), 8, 'by all');
    }
    my @rows = bench(words('-r 1 -t 3,7 -n 100003 -k 5'));
    is_deeply([uniq(column('count', @rows))], [100_003], 'with a remainder on all threads');
    @rows = bench(words('-r 1 -t 1,4 -n 1'));
    is_deeply([uniq(column('count', @rows))], [1], 'a single decrement for four threads');
};

subtest '--time is what repetitions are sized to' => sub {
    for my $option (['--time=3ms'], ['-T', '3ms'], ['-T3000us'], ['-T0.003s']) {
        my $folder = temp_folder();
        my $result = gilscope(qw(bench -r 1 -t 1 -v nogil -o), $folder, @$option);
        like($result->{out}, qr/1\s+of\s+1\s+blocks,\s+3\.00\s+ms\s+a\s+repetition$/m, "@$option");
    }
    my ($short) = column('count', bench(qw(-r 1 -t 1 -v serial -T 20us)));
    my ($long) = column('count', bench(qw(-r 1 -t 1 -v serial -T 100ms)));
    cmp_ok($long, '>', $short, 'five thousand times the time is more work');
};

subtest '--chunk is a number of decrements or a time, for what works in chunks' => sub {
    my %chunked = map { $_ => 1 } qw(critical ticks gil);
    for my $option (['--chunk=2000'], ['-c', '2k'], ['-c2e3']) {
        my @rows = bench(@quick, '-t1', @$option);
        is_deeply([map { "$_->{variant} $_->{chunk}" } sort { $a->{variant} cmp $b->{variant} } @rows],
            [map { "$_ " . ($chunked{$_} ? 2000 : 0) } sort @usual], "@$option");
    }
    my ($small) = map { $_->{chunk} } grep { $_->{chunk} } bench(@quick, qw(-t1 -vgil -c 100ns));
    my ($large) = map { $_->{chunk} } grep { $_->{chunk} } bench(@quick, qw(-t1 -vgil -c 1ms));
    cmp_ok($small, '>=', 1, 'a time becomes decrements');
    cmp_ok($large, '>', $small, 'more of them for ten thousand times the time');
};

subtest '--switch-interval decides when the gil is asked for' => sub {
    for my $option (['--switch-interval=1000s'], ['-i', '1000s'], ['-i1000s']) {
        my ($row) = grep { $_->{variant} eq 'gil' } bench(qw(-r1 -n 1M -t 4 -v gil), @$option);
        is($row->{handoffs}, 3, "@$option: each of four threads keeps it to its end");
    }
    my ($row) = grep { $_->{variant} eq 'gil' } bench(qw(-r1 -n 300M -t 4 -v gil -i 20us));
    cmp_ok($row->{handoffs}, '>', 3, '20 us: it is handed over in between');
};

subtest 'what none of the variants has a use for is refused, what one has is not' => sub {
    my %refused = ('-v nogil,ticks -i 1ms' => qr/--switch-interval/, '-v gil,nogil -k 3' => qr/--tasks/,
        '-v nogil,pool -c 1us' => qr/--chunk/, '-v release --lock=critical -i 1ms' => qr/--switch-interval/,
        '-n 20k -T 1ms' => qr/--time, --count/);
    for my $options (sort keys %refused) {
        one_line_error(gilscope('bench', words($options)), 2, $options, $refused{$options}, qr/leave it out|one of them/);
    }
    for my $options ('-v nogil,gil -i 1ms', '-v gil,pool -k 3 -c 1us') {
        is(scalar(uniq(column('variant', bench(@quick, '-t1', words($options))))), 3, $options);
    }
    one_line_error(gilscope(words('breakeven --lock=ticks -i 1ms')), 2, 'a lock without an interval', qr/--switch-interval/);
};

subtest '--tasks is how finely the work is cut' => sub {
    for my $option (['--tasks=1'], ['-k', '1'], ['-k1']) {
        my ($row) = grep { $_->{variant} eq 'pool' } bench(qw(-r1 -n 100M -t 4 -v pool), @$option);
        # One process cannot use more of the CPU than there is time.
        cmp_ok($row->{cpu_s}, '<', 1.5 * $row->{wall_s}, "@$option keeps one of four at work");
        is($row->{count}, 100_000_000, 'which does all');
    }
    my @rows = bench(words('-r1 -n 1000 -t 3 -v pool,tasks -k 5000'));
    is_deeply([uniq(column('count', @rows))], [1000], 'more tasks than decrements');
};

subtest '--seed decides on the order of the cases' => sub {
    my @small = (words('-r 2 -n 1000 -t 1,2 -v critical,nogil,tasks'));
    my $order = order_of(bench(@small, '--seed=7'));
    is(order_of(bench(@small, '--seed', '7')), $order, 'the same seed, the same order');
    my @others = map { order_of(bench(@small, "--seed=$_")) } 8 .. 11;
    ok((grep { $_ ne $order } @others), 'another seed, another order');
    is_deeply([uniq(map { join ' ', sort split / / } @others, $order)],
        [join ' ', sort split / /, $order], 'but the same cases');
};

subtest 'the seed is recorded, and what it was without --seed gives the same order again' => sub {
    my $folder = temp_folder();
    my @small = (words('bench -q -r 2 -n 1000 -t 1,2 -o'), $folder);
    gilscope(@small, '--seed=18446744073709551615');
    my %facts = csv_table(slurp("$folder/machine.csv"));
    is($facts{seed}, '18446744073709551615', 'the largest');
    gilscope(@small);
    my $order = order_of(csv_rows(slurp("$folder/bench.csv")));
    %facts = csv_table(slurp("$folder/machine.csv"));
    gilscope(@small, "--seed=$facts{seed}");
    is(order_of(csv_rows(slurp("$folder/bench.csv"))), $order, 'found in machine.csv');
};

subtest '--output makes the folder, and those around it' => sub {
    for my $option (['--output=a/b c/d'], ['-o', 'a/b c/d'], ['-oa/b c/d/']) {
        my $here = temp_folder();
        my $result = gilscope({cd => $here}, @$TINY, '-vserial', @$option);
        is($result->{exit}, 0, "@$option");
        is(join(' ', names_in("$here/a/b c/d")),
            'bench-summary.csv bench.csv machine.csv topology.xml', 'all files');
        like($result->{err}, qr{\Awrote a/b c/d/}, 'and says where');
    }
    my $here = temp_folder();
    gilscope({cd => $here}, @$TINY, '-vserial');
    is(join(' ', names_in($here)), 'results', 'results where nothing is said');
};

subtest '--csv gives the rows of bench.csv instead of the table' => sub {
    my $folder = temp_folder();
    my $result = gilscope(@$TINY, '--csv', '-o', $folder);
    is($result->{exit}, 0, '--csv');
    ok($result->{out} eq slurp("$folder/bench.csv"), 'byte for byte');
    unlike($result->{out}, qr/Speedup/, 'no table');
    $result = gilscope(@$TINY, '-q', '--csv', '-o', $folder);
    ok($result->{out} eq slurp("$folder/bench.csv"), 'also with --quiet');
    is($result->{err}, '', 'which says nothing else');
};

subtest '--quiet prints nothing' => sub {
    for my $option ('--quiet', '-q') {
        my $folder = temp_folder();
        my $result = gilscope(@$TINY, $option, '-o', $folder);
        is($result->{exit}, 0, $option);
        is($result->{out} . $result->{err}, '', 'not a word');
        is(scalar(names_in($folder)), 4, 'and all files are there');
    }
};

subtest 'the table has a row a variant, a column a thread count, and sentences' => sub {
    my $folder = temp_folder();
    my $result = gilscope(@$TINY, '-o', $folder);
    like($result->{out}, qr/^threads\s+1\s+\*?\s*2\s*\*?\s*$/m, 'the columns');
    like($result->{out}, qr/^$_\s+\d+\.\d+/m, "the row of $_") for @usual;
    my $words = $result->{out} =~ s/\s+/ /gr;
    like($words, qr/ 2 threads under the GIL of CPython 3\.2 and later: \d/, 'locked');
    like($words, qr/ Without a lock: \d/, 'unlocked');
    like($words, qr/the floor under it is \d+\.\d+ ns/, 'the floor');
    like($result->{out}, qr/hand-offs/, 'the hand-offs');
    unlike($result->{out}, qr/[^\x00-\x7f]/, 'in ASCII where the locale has no more');
    unlike($result->{out}, qr/\e/, 'and without colours where it is no terminal');
};

subtest 'topo plans for a machine that is not here' => sub {
    my @rows = topo_rows('--topology=pack:2 core:2 pu:2');
    is(join(' ', column('pu_os', @rows)), '0 2 4 6 1 3 5 7', 'a thread a core first');
    is(join(' ', column('thread', @rows)), '0 1 2 3 4 5 6 7', 'a row a PU');
    is(join(' ', column('pu_os', topo_rows('--topology', 'pack:2 core:2 pu:2', '-pcompact'))),
        '0 1 2 3 4 5 6 7', '--pin=compact');
    @rows = topo_rows('--topology=pack:2 core:2 pu:2', '--pin=spread', '-t', '2');
    is(join(' ', column('package', @rows)), '0 1', '--pin=spread');
    @rows = topo_rows('--topology=core:2 pu:1', '--threads=1,3');
    is(join(' ', column('pu_os', @rows)), '0 1 0', '--threads: as many rows, wrapped around');
    is(join(' ', column('oversubscribed', @rows)), '0 0 1', 'and marked');
    @rows = topo_rows('--topology=core:2 pu:1', '-p', 'none');
    is(join('', map { @$_{qw(pu_os pu core numa package cpukind smt)} } @rows), '',
        '--pin=none says nothing of places');
    my %environment = (HWLOC_SYNTHETIC => 'core:3 pu:1');
    is(scalar(csv_rows(gilscope({env => \%environment}, 'topo', '--csv')->{out})), 3,
        'HWLOC_SYNTHETIC is listened to');
};

subtest 'topo draws the machine and says where threads go' => sub {
    my $result = gilscope('topo', '--topology=pack:2 core:2 pu:2');
    is($result->{exit}, 0, 'topo');
    like($result->{out}, qr/^  core\s+0-6:2,1-7:2$/m, 'core');
    like($result->{out}, qr/^  compact\s+0-7$/m, 'compact');
    like($result->{out}, qr/^  none\s+any usable PU/m, 'none');
    $result = gilscope('topo', '--topology=pack:2 core:2 pu:2', '--pin=compact');
    unlike($result->{out}, qr/^  core\s+0/m, '--pin leaves the others out');
    $result = gilscope('topo', '--topology=core:2 pu:1', '-t', '5');
    like($result->{out}, qr/Threads from 2 on .*oversubscribed/, '--threads past the PUs');
};

subtest 'topo of this machine shows the PUs that taskset would' => sub {
    my @rows = topo_rows();
    open my $status, '<', '/proc/self/status' or plan(skip_all => 'no /proc here');
    my ($list) = map { /^Cpus_allowed_list:\s*(\S+)/ } <$status>;
    my @allowed = map { /(\d+)-(\d+)/ ? $1 .. $2 : $_ } split /,/, $list;
    is_deeply([sort { $a <=> $b } column('pu_os', @rows)], \@allowed, $list);
};

subtest '4,096 PUs are planned for on any machine' => sub {
    my @rows = topo_rows('--topology=pack:4 numa:4 core:128 pu:2');
    is(scalar(@rows), 4096, 'a row each');
    is(scalar(uniq(column('pu_os', @rows))), 4096, 'no PU twice');
    is(gilscope('topo', '--topology=pack:4 numa:4 core:128 pu:2')->{exit}, 0, 'drawn');
};

done_testing();
