#!/usr/bin/env perl
# The files that bench writes: every column of each, and how the columns hang together, computed
# again from the rows.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use List::Util qw(max min uniq);
use Test::More;

my $BENCH_HEADER = 'variant,kernel,pin,threads,rep,count,chunk,wall_s,cpu_s,startup_s,rate_per_s,'
    . 'speedup,handoffs,vol_ctxt,invol_ctxt,oversubscribed';
my $SUMMARY_HEADER = 'variant,kernel,pin,threads,reps,wall_s,rate_per_s,speedup,speedup_lo,'
    . 'speedup_hi,efficiency,karp_flatt,cores_busy,handoffs_per_s,startup_s,oversubscribed,noisy';

my @variants = qw(serial critical ticks gil nogil tasks pool atomic);
my %chunked = map { $_ => 1 } qw(critical ticks gil);
my $pus = usable_pus();
my @threads = uniq(1, 2, 3, $pus + 1);
my $reps = 9;
my @command = ('bench', "--reps=$reps", '--time=1ms', '--threads=' . join(',', @threads),
    '--pin=core,none', '--seed=42');

my $folder = temp_folder();
my $result = gilscope(@command, '-o', $folder);
is($result->{exit}, 0, 'a run') or BAIL_OUT($result->{err});
my $bench_text = slurp("$folder/bench.csv");
my $summary_text = slurp("$folder/bench-summary.csv");
my @rows = csv_rows($bench_text);
my @summaries = csv_rows($summary_text);

sub case_of { return join '/', @{$_[0]}{qw(variant pin threads)} }

my (%rows_of, %serial);
for my $row (@rows) {
    push @{$rows_of{case_of($row)}}, $row;
    $serial{$row->{pin}, $row->{rep}} = $row if $row->{variant} eq 'serial';
}

sub median {
    my @values = sort { $a <=> $b } @_;
    return ($values[(@values - 1) / 2] + $values[@values / 2]) / 2;
}

# Of nine values the second smallest and the second largest hold the median with 96 %: it lies
# outside when 0, 1, 8 or 9 of nine coins show heads, (1 + 9 + 9 + 1) / 512.
sub interval {
    my @values = sort { $a <=> $b } @_;
    @values == 9 or die;
    return @values[1, 7];
}

# All of one kind: how many of the rows do not have it.
sub all_rows {
    my ($name, $right, @rows) = @_;
    my @wrong = grep { !$right->($_) } @rows;

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok(!@wrong, $name)
        or diag(scalar(@wrong) . ' wrong, first: ' . join ', ', map { "$_=$wrong[0]{$_}" } sort keys %{$wrong[0]});
    return;
}

sub close_to {
    my ($got, $expected) = @_;
    return abs($got - $expected) <= 1e-7 * abs($expected) + 1e-12;
}

my $number = qr/\A-?\d+(?:\.\d+)?(?:e[-+]\d+)?\z/;
my $whole = qr/\A(?:0|[1-9]\d*)\z/;

subtest 'the files, and nothing else' => sub {
    is(join(' ', names_in($folder)), 'bench-summary.csv bench.csv machine.csv topology.xml',
        'no .part is left');
    is(field_names($bench_text), $BENCH_HEADER, 'the columns of bench.csv');
    is(field_names($summary_text), $SUMMARY_HEADER, 'the columns of bench-summary.csv');
    for my $name (qw(bench.csv bench-summary.csv machine.csv)) {
        my $text = slurp("$folder/$name");
        like($text, qr/\n\z/, "$name ends with its last line");
        unlike($text, qr/\n\n|[ \t]\n|\r/, 'without empty lines');
    }
};

subtest 'bench.csv has each case once in each block' => sub {
    is(scalar(keys %rows_of), 2 * (1 + 7 * @threads), 'serial, and seven variants by threads, by pins');
    for my $case (sort keys %rows_of) {
        is(join(' ', column('rep', @{$rows_of{$case}})), join(' ', 1 .. $reps), $case);
    }
    is(join(' ', uniq(column('rep', @rows))), join(' ', 1 .. $reps), 'block after block');
};

subtest 'the order of the cases differs from block to block' => sub {
    my %order;
    push @{$order{$_->{rep}}}, case_of($_) for @rows;
    is(scalar(uniq(map { "@$_" } values %order)), $reps, 'each has its own');
};

subtest 'bench.csv: the syntax of each field' => sub {
    my %variants = map { $_ => 1 } @variants;
    all_rows('variant', sub { $variants{$_[0]{variant}} }, @rows);
    all_rows('kernel', sub { $_[0]{kernel} eq 'countdown' }, @rows);
    all_rows('pin', sub { $_[0]{pin} =~ /\A(core|none)\z/ }, @rows);
    for my $name (qw(threads rep count chunk handoffs vol_ctxt invol_ctxt)) {
        all_rows("$name is a whole number", sub { $_[0]{$name} =~ $whole }, @rows);
    }
    for my $name (qw(wall_s cpu_s startup_s rate_per_s speedup)) {
        all_rows("$name is a number", sub { $_[0]{$name} =~ $number }, @rows);
    }
    all_rows('oversubscribed is 0 or 1', sub { $_[0]{oversubscribed} =~ /\A[01]\z/ }, @rows);
    for my $name (qw(count wall_s cpu_s rate_per_s speedup)) {
        all_rows("$name is positive", sub { $_[0]{$name} > 0 }, @rows);
    }
    all_rows('startup_s is not negative', sub { $_[0]{startup_s} >= 0 }, @rows);
};

subtest 'bench.csv: what follows from what' => sub {
    all_rows('rate_per_s = count / wall_s',
        sub { close_to($_[0]{rate_per_s}, $_[0]{count} / $_[0]{wall_s}) }, @rows);
    all_rows('speedup = rate / rate of serial in the same block under the same policy', sub {
        my $baseline = $serial{$_[0]{pin}, $_[0]{rep}};
        close_to($_[0]{speedup}, $_[0]{rate_per_s} / $baseline->{rate_per_s});
    }, @rows);
    all_rows('serial is its own baseline', sub { $_[0]{speedup} eq '1' },
        grep { $_->{variant} eq 'serial' } @rows);
    all_rows("oversubscribed: more threads than the $pus usable PUs",
        sub { $_[0]{oversubscribed} == ($_[0]{threads} > $pus) }, @rows);
    all_rows('chunk: where there are chunks',
        sub { ($_[0]{chunk} > 0) == !!$chunked{$_[0]{variant}} }, @rows);
    is(scalar(uniq(map { $_->{chunk} || () } @rows)), 1, 'the same for all of them');
    all_rows('no hand-offs with one thread', sub { $_[0]{handoffs} == 0 },
        grep { $_->{threads} == 1 } @rows);
    all_rows('nor without a lock', sub { $_[0]{handoffs} == 0 },
        grep { !$chunked{$_->{variant}} } @rows);
    all_rows('under the gil the lock reaches every thread',
        sub { $_[0]{handoffs} >= $_[0]{threads} - 1 }, grep { $_->{variant} eq 'gil' } @rows);
};

subtest 'bench-summary.csv has each case once, and the same cases' => sub {
    is(join(' ', sort map { case_of($_) } @summaries), join(' ', sort keys %rows_of), 'all');
    all_rows('reps counts the rows', sub { $_[0]{reps} == @{$rows_of{case_of($_[0])}} }, @summaries);
};

subtest 'bench-summary.csv: medians, computed again from bench.csv' => sub {
    my %median_of = (
        wall_s => sub { $_[0]{wall_s} },
        rate_per_s => sub { $_[0]{rate_per_s} },
        speedup => sub { $_[0]{speedup} },
        cores_busy => sub { $_[0]{cpu_s} / $_[0]{wall_s} },
        handoffs_per_s => sub { $_[0]{handoffs} / $_[0]{wall_s} },
        startup_s => sub { $_[0]{startup_s} },
    );
    for my $name (sort keys %median_of) {
        all_rows($name, sub {
            my @values = map { $median_of{$name}->($_) } @{$rows_of{case_of($_[0])}};
            $_[0]{$name} =~ $number && close_to($_[0]{$name}, median(@values));
        }, @summaries);
    }
};

subtest 'bench-summary.csv: the interval between two order statistics' => sub {
    all_rows('speedup_lo and speedup_hi', sub {
        my ($lo, $hi) = interval(column('speedup', @{$rows_of{case_of($_[0])}}));
        $_[0]{speedup_lo} == $lo && $_[0]{speedup_hi} == $hi;
    }, @summaries);
    all_rows('which holds the median',
        sub { $_[0]{speedup_lo} <= $_[0]{speedup} && $_[0]{speedup} <= $_[0]{speedup_hi} }, @summaries);
    all_rows('noisy: half of it is more than 2 % of the median', sub {
        my $what = $_[0]{variant} eq 'serial' ? 'rate_per_s' : 'speedup';
        my @values = column($what, @{$rows_of{case_of($_[0])}});
        my ($lo, $hi) = interval(@values);
        $_[0]{noisy} =~ /\A[01]\z/ && $_[0]{noisy} == (($hi - $lo) / 2 / median(@values) > 0.02);
    }, @summaries);
};

subtest 'bench-summary.csv: efficiency and the serial fraction' => sub {
    all_rows('efficiency = speedup / threads',
        sub { close_to($_[0]{efficiency}, $_[0]{speedup} / $_[0]{threads}) }, @summaries);
    all_rows('karp_flatt = (1/speedup - 1/threads) / (1 - 1/threads)', sub {
        my ($s, $p) = @{$_[0]}{qw(speedup threads)};
        my $fraction = (1 / $s - 1 / $p) / (1 - 1 / $p);
        # Where it is near 0, what counts is the rounding of 1/speedup.
        abs($_[0]{karp_flatt} - $fraction) < 1e-7 * (1 / $s + 1);
    }, grep { $_->{threads} > 1 } @summaries);
    all_rows('no serial fraction of one thread', sub { $_[0]{karp_flatt} eq '' },
        grep { $_->{threads} == 1 } @summaries);
    all_rows('oversubscribed as in bench.csv',
        sub { $_[0]{oversubscribed} == $rows_of{case_of($_[0])}[0]{oversubscribed} }, @summaries);
};

subtest 'the table shows the medians of the file' => sub {
    my ($core) = $result->{out} =~ /pin core (.*?)\n\n/s;
    # Of a busy machine it is the ends of the interval
    my ($shown, $until) = $core =~ /^nogil\s+(\d+\.\d+)(?:\.\.\.?(\d))?/m;
    my ($row) = grep { case_of($_) eq 'nogil/core/1' } @summaries;
    is($shown, sprintf('%.*f', length($shown =~ s/.*\.//r), $row->{defined $until ? 'speedup_lo' : 'speedup'}), 'nogil with one thread');
};

subtest 'machine.csv: a line a key' => sub {
    my $text = slurp("$folder/machine.csv");
    is(field_names($text), 'key,value', 'its columns');
    my @keys = map { $_->[0] } (csv_read($text))[1 .. csv_read($text) - 1];
    is(scalar(@keys), scalar(uniq(@keys)), 'no key twice');
    my %fact = csv_table($text);
    like($fact{$_} // '', $number, "$_ is a number") for qw(decrement_ns floor_ns steal usable_pus cores
        pus packages numa_nodes elapsed_s timed_share max_rss_kib pool_cycle_s pool_dispatch_s);
    like($fact{$_} // '', qr/\S/, "$_ is known") for qw(cpu kernel compiler openmp hwloc governor);
    is($fact{usable_pus}, $pus, 'usable_pus is what topo shows');
    cmp_ok($fact{decrement_ns}, '>', 0, 'decrement_ns');
    my ($serial) = grep { $_->{variant} eq 'serial' && $_->{pin} eq 'core' } @summaries;
    ok(abs($fact{decrement_ns} - 1e9 / $serial->{rate_per_s}) < 1e-6 * $fact{decrement_ns},
        'is that of serial');
    is($fact{command_line}, "gilscope @command -o $folder", 'command_line as typed');
    is($fact{seed}, 42, 'seed');
    like($fact{date}, qr/\A20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\z/, 'date');
    like($fact{kernel}, qr/\A\w+ \S+ \S+\z/, 'kernel');
    ok($fact{steal} >= 0 && $fact{steal} <= 1, 'steal is a share');
    ok($fact{timed_share} > 0 && $fact{timed_share} < 1, 'timed_share, too');
};

subtest 'machine.csv: strange characters in the command line' => sub {
    my $here = temp_folder();
    my $name = qq{a "quoted", folder};
    is(gilscope({cd => $here}, @$TINY, '-q', '-vserial', '-o', $name)->{exit}, 0, $name);
    my %fact = csv_table(slurp("$here/$name/machine.csv"));
    like($fact{command_line}, qr/-o '\Q$name\E'\z/, 'come back as they were, quoted as for a shell');
    is(gilscope({cd => $here}, @$TINY, '-q', '-vserial', '-o', "a\nb")->{exit}, 0, 'a line break');
    %fact = csv_table(slurp("$here/a\nb/machine.csv"));
    like($fact{command_line}, qr/-o 'a\sb'\z/, 'is kept or becomes a blank');
};

subtest 'topology.xml is the machine' => sub {
    like(slurp("$folder/topology.xml"), qr/\A<\?xml .*<topology\b.*<\/topology>\s*\z/s, 'XML');
    my @here = topo_rows('--pin=compact');
    my @there = topo_rows('--pin=compact', "--topology=$folder/topology.xml");
    is_deeply(\@there, \@here, 'topo plans for it as for this machine');
};

subtest 'topo --csv: its columns' => sub {
    my $text = gilscope('topo', '--csv')->{out};
    is(field_names($text), 'thread,pu_os,pu,core,numa,package,cpukind,smt,oversubscribed', 'names');
    my @rows = csv_rows($text);
    for my $name (split /,/, field_names($text)) {
        all_rows("$name is a whole number", sub { $_[0]{$name} =~ $whole }, @rows);
    }
    is(join(' ', column('thread', @rows)), join(' ', 0 .. $pus - 1), 'threads from 0');
};

subtest 'exact work: every row has it' => sub {
    my $here = temp_folder();
    gilscope(qw(bench -q -r 2 -n 100003 -t), '1,2,3,7', '-o', $here);
    my @rows = csv_rows(slurp("$here/bench.csv"));
    is_deeply([uniq(column('count', @rows))], [100_003], 'count');
    is(scalar(@rows), 2 * (1 + 7 * 4), 'all verified');
};

subtest 'with few blocks the interval is the range' => sub {
    my $here = temp_folder();
    gilscope(words('bench -q -r 3 -T 1ms -t 2 -v nogil -o'), $here);
    my @values = map { $_->{speedup} } grep { $_->{variant} eq 'nogil' } csv_rows(slurp("$here/bench.csv"));
    my ($row) = grep { $_->{variant} eq 'nogil' } csv_rows(slurp("$here/bench-summary.csv"));
    is($row->{speedup_lo}, min(@values), 'from the smallest');
    is($row->{speedup_hi}, max(@values), 'to the largest');
    gilscope(words('bench -q -r 1 -T 1ms -t 2 -v nogil -o'), $here);
    ($row) = grep { $_->{variant} eq 'nogil' } csv_rows(slurp("$here/bench-summary.csv"));
    is($row->{speedup_lo}, $row->{speedup_hi}, 'a point where there is one block');
};

subtest 'a complete run replaces the files of an earlier one' => sub {
    my $here = temp_folder();
    my @names = qw(bench.csv bench-summary.csv machine.csv topology.xml);
    spew("$here/$_", "earlier\n") for @names;
    spew("$here/notes.txt", "mine\n");
    is(gilscope(@$TINY, '-q', '-vnogil', '-o', $here)->{exit}, 0, 'over other files');
    unlike(slurp("$here/$_"), qr/earlier/, "$_ is new") for @names;
    is(slurp("$here/notes.txt"), "mine\n", 'what is not its own is left alone');
    is(scalar(names_in($here)), 5, 'nothing more');
};

subtest 'a decimal point in every locale' => sub {
    my ($comma) = map { s/\s+//gr } grep { /^(de|fr|es|it|nl|ru|pl)_\w\w\.(utf8|UTF-8)/ }
        split /\n/, (have('locale') ? `locale -a 2>/dev/null` : '');
    note('no locale with a decimal comma is installed: its name alone is tried') if !$comma;
    $comma //= 'de_DE.UTF-8';
    my $here = temp_folder();
    my %environment = (LC_ALL => $comma, LC_NUMERIC => $comma, LANG => $comma);
    my $result = gilscope({env => \%environment}, @$TINY, '--time=2.5ms', '-o', $here);
    is($result->{exit}, 0, "$comma: --time=2.5ms is understood");
    like($result->{out}, qr/2\.50\s+ms\s+a\s+repetition/, 'and shown with a point');
    is(field_names(slurp("$here/bench.csv")), $BENCH_HEADER, 'the header');
    my @rows = csv_rows(slurp("$here/bench.csv"));
    for my $name (qw(wall_s rate_per_s speedup)) {
        all_rows("$name has a point", sub { $_[0]{$name} =~ $number }, @rows);
    }
    is(gilscope({env => \%environment}, qw(bench --time), '2,5ms')->{exit}, 2, 'a comma is an error');
};

subtest 'UTF-8 where the locale has it' => sub {
    my ($utf8) = grep { /^(C|en_US)\.(utf8|UTF-8)$/i } split /\n/, (have('locale') ? `locale -a 2>/dev/null` : '');
    plan(skip_all => 'no UTF-8 locale here') if !$utf8;
    my $result = gilscope({env => {LC_ALL => $utf8}}, @$TINY, '-r6', '-vnogil', '-o', temp_folder());
    like($result->{out}, qr/\xc2\xb1\d/, 'the interval has its sign');
};

done_testing();
