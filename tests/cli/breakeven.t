#!/usr/bin/env perl
# gilscope breakeven: its files, its lengths and locks, what it says, and how it ends.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use List::Util qw(uniq);
use Test::More;

my @files = qw(breakeven-answers.csv breakeven-summary.csv breakeven.csv machine.csv topology.xml);
my @small = words('breakeven -r 2 -T 2ms -t 2');

# A small run in a folder of its own: the folder and what it said.
sub breakeven {
    my @options = @_;
    my $folder = temp_folder();
    my $result = gilscope(@small, @options, '-o', $folder);
    is($result->{exit}, 0, "breakeven @options") or diag($result->{err});
    return ($folder, $result);
}

sub rows { return csv_rows(slurp("$_[0]/breakeven.csv")) }

sub distinct { return join ' ', sort { $a <=> $b } uniq(@_) }

subtest 'its files, and every case in every block' => sub {
    my ($folder, $result) = breakeven('--length=500,2k,64k');
    is(join(' ', names_in($folder)), "@files", 'five files');
    my @rows = rows($folder);
    my %seen;
    $seen{"@$_{qw(variant pin threads call rep)}"}++ for @rows;
    is(join(' ', grep { $_ != 1 } values %seen), '', 'each once');
    is(scalar(@rows), 2 * 2 * 2 * 3 * 2, 'two variants, two policies, 1 and 2 threads, three lengths, two blocks');
    is(distinct(column('threads', @rows)), '1 2', 'one thread, though nobody asked: it is the baseline');
    is(join(' ', sort(uniq(column('pin', @rows)))), 'core none', 'pinned and not');
    is(distinct(column('call', @rows)), '500 2000 64000', 'calls of as many decrements as asked for');
    is(join(' ', grep { $_->{count} % $_->{call} } @rows), '', 'whole calls alone');
    is(join(' ', grep { $_->{count} < $_->{call} * $_->{threads} } @rows), '', 'one for each thread at least');
    is(join(' ', uniq(column('lock', @rows))), 'gil', 'the lock');
    is(join(' ', uniq(column('kernel', @rows))), 'countdown', 'the kernel');
    is(join(' ', uniq(column('shared', @rows))), '4', 'the shared lines');
    near((uniq(column('held_s', @rows)))[0], 15e-9, 'and the work that is held');
    my %call_s;
    $call_s{$_->{call}}{$_->{call_s}} = 1 for @rows;
    is(join(' ', grep { keys %{$call_s{$_}} != 1 } keys %call_s), '', 'a length takes one time');
    my @order = map { (keys %{$call_s{$_}})[0] } sort { $a <=> $b } keys %call_s;
    ok($order[0] < $order[1] && $order[1] < $order[2], 'longer calls take longer');
    like($result->{err}, qr/^gilscope: 24 cases [^\n]* 2 blocks/m, 'it says what it is about to do');
};

subtest 'the speedup is over one thread that holds, with the same calls, in the same block' => sub {
    my ($folder) = breakeven('--length=1k,32k');
    my @rows = rows($folder);
    my %rate = map { ("@$_{qw(variant pin threads call rep)}" => $_->{count} / $_->{wall_s}) } @rows;
    for my $row (@rows) {
        near($row->{rate_per_s}, $row->{count} / $row->{wall_s}, 'the rate');
        near($row->{speedup}, $row->{rate_per_s} / $rate{"hold $row->{pin} 1 $row->{call} $row->{rep}"}, 'the speedup');
    }
    for my $case (csv_rows(slurp("$folder/breakeven-summary.csv"))) {
        if ($case->{variant} eq 'hold') {
            is($case->{release_over_hold}, '', 'hold has no ratio to itself');
            next;
        }
        my @ratios = sort { $a <=> $b } map {
            $rate{"release $case->{pin} $case->{threads} $case->{call} $_"}
                / $rate{"hold $case->{pin} $case->{threads} $case->{call} $_"}
        } 1, 2;
        near($case->{release_over_hold}, ($ratios[0] + $ratios[1]) / 2, 'release over hold');
        near($case->{release_over_hold_lo}, $ratios[0], 'its range');
        near($case->{release_over_hold_hi}, $ratios[1], 'to');
        is($case->{reps}, 2, 'of both blocks');
    }
};

# The ratios that all answers are made of, from the rows: {threads}{call}[block].
sub release_over_hold {
    my ($pin, @rows) = @_;
    my (%rate, %ratio);
    $rate{$_->{variant}}{$_->{threads}}{$_->{call}}{$_->{rep}} = $_->{rate_per_s} for grep { $_->{pin} eq $pin } @rows;
    for my $threads (keys %{$rate{release}}) {
        for my $call (keys %{$rate{release}{$threads}}) {
            my ($release, $hold) = map { $rate{$_}{$threads}{$call} } qw(release hold);
            $ratio{$threads}{$call} = [map { $release->{$_} / $hold->{$_} } sort keys %$release];
        }
    }
    return %ratio;
}

subtest 'the answers follow from what was measured' => sub {
    my ($folder) = breakeven('--length=300,3k,30k');
    my @answers = csv_rows(slurp("$folder/breakeven-answers.csv"));
    is(join(' ', uniq(column('system', @answers))), 'model', 'of the model');
    for my $pin (qw(core none)) {
        my %of = map { ("$_->{answer} $_->{threads}" => $_) } grep { $_->{pin} eq $pin } @answers;
        my @gains = usable_pus() > 1 ? ('half_gain 2', 'ninety_gain 2') : ();
        is(join(', ', sort keys %of), join(', ', sort 'break_even 2', 'cost_of_one_thread 1', 'worst 2', @gains), $pin);
        is($of{'break_even 2'}{ratio}, 1, 'the level of a break-even');
        for my $answer (@of{'break_even 2', @gains}) {
            for my $call (grep { $_ ne '' } @$answer{qw(call call_lo call_hi)}) {
                ok($call >= 300 * (1 - 1e-6) && $call <= 30000 * (1 + 1e-6), 'between the lengths measured');
            }
            is($answer->{call} eq '', $answer->{call_s} eq '', 'in units and in seconds');
        }
        my %ratio = release_over_hold($pin, rows($folder));
        my %median = map { ($_ => ($ratio{2}{$_}[0] + $ratio{2}{$_}[1]) / 2) } 300, 3000, 30000;
        # A block in which releasing is a loss at the longest call has no break-even.
        my $losses = grep { $_ < 1 } @{$ratio{2}{30000}};
        is($of{'break_even 2'}{call_lo} eq '', $losses == 2, 'none where all blocks lose at the longest call');
        is($of{'break_even 2'}{call_hi} eq '', $losses > 0, 'nor an end where one does');
        my ($worst) = sort { $median{$a} <=> $median{$b} } keys %median;
        is($of{'worst 2'}{call}, $worst, 'the worst is the one with the smallest ratio');
        near($of{'worst 2'}{ratio}, $median{$worst}, 'which it has');
        is($of{'cost_of_one_thread 1'}{call}, '', 'a cost is no length');
        near($of{'cost_of_one_thread 1'}{ratio}, ($ratio{1}{300}[0] + $ratio{1}{300}[1]) / 2, 'that of the shortest call');
    }
};

# A run with another kernel: its name, its unit, and its unit as a word in the report.
sub check_kernel {
    my ($option, $name, $unit) = @_;
    my ($folder, $result) = breakeven('--length=1k,64k,2us', '--pin=none', "--kernel=$option");
    my @rows = rows($folder);

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(join(' ', uniq(column('kernel', @rows, map { csv_rows(slurp("$folder/breakeven-$_.csv")) } qw(summary answers)))),
        $name, 'its name, in all three files');
    my @calls = uniq(column('call', @rows));
    is(scalar(@calls), 3, 'three lengths');
    is((grep { /\A(?:1000|64000)\z/ } @calls), 2, 'as many units as were asked for, and what 2 us are');
    is(join(' ', grep { $_->{count} % $_->{call} } @rows), '', 'whole calls');
    is({csv_table(slurp("$folder/machine.csv"))}->{unit}, $unit, 'the unit, in machine.csv');
    like($result->{out}, qr/;\s+kernel\s+\Q$name\E$/m, 'the report names it');
    like($result->{out}, qr/^[\d.]+[kM]? (?:[KM]iB|\Q$unit\Es) +[\d.]+ [num]s /m, 'lengths are in its unit, and in time');
    unlike($result->{out}, qr/decrement/, 'and not in another');
    return;
}

subtest 'the calls are of a kernel of the user' => sub {
    my ($cc) = split ' ', $ENV{CC} // 'cc';
    my $folder = temp_folder();
    plan(skip_all => 'no compiler') if !have($cc);
    spew("$folder/sum.c", <<'END');
#include "gilscope/kernel.h"
static uint64_t sum(void *state, uint64_t units)
{
    uint64_t hash = 1;
    for (uint64_t i = 0; i < units; i++) hash = (hash ^ i) * 0x100000001b3;
    return (void)state, hash;
}
const struct kernel gilscope_kernel = {.version = GILSCOPE_KERNEL_VERSION, .name = "sum", .unit = "byte", .run = sum};
END
    is(run($cc, words('-O1 -shared -fPIC -Iinclude -o'), "$folder/sum.so", "$folder/sum.c")->{exit}, 0, 'a plug-in');
    check_kernel("$folder/sum.so", 'sum', 'byte');
};

subtest 'or one that waits for memory' => sub { check_kernel('triad', 'triad', 'element') };

subtest 'each lock' => sub {
    for my $lock (qw(gil ticks critical)) {
        my ($folder, $result) = breakeven("--lock=$lock", '--length=1k', '--pin=none');
        is(join(' ', uniq(column('lock', rows($folder)))), $lock, 'in the rows');
        is(join(' ', uniq(column('lock', csv_rows(slurp("$folder/breakeven-answers.csv"))))), $lock, 'the answers');
        like($result->{out}, qr/\($lock\)/, 'and the report');
    }
};

subtest 'options that say how' => sub {
    my ($folder) = breakeven(words('--length=1us,10us --held=2us --shared=0 --pin=core'));
    my @rows = rows($folder);
    near($rows[0]{held_s}, 2e-6, '--held');
    is($rows[0]{shared}, 0, '--shared=0');
    is(join(' ', uniq(column('pin', @rows))), 'core', '--pin');
    my ($short, $long) = sort { $a <=> $b } uniq(column('call', @rows));
    ok(abs($long - 10 * $short) <= 10, 'a call of 10 us is ten of 1 us');
    my ($other) = breakeven(words('--length=1k,1000 --threads=1 --pin=core'));
    is(scalar(rows($other)), 4, 'the same length twice, one thread twice: each once');
};

subtest 'the report' => sub {
    my ($folder, $result) = breakeven('--length=1k,100k');
    for my $pin (qw(core none)) {
        for my $threads ('1 thread', '2 threads') {
            like($result->{out}, qr/^Speedup over one thread that holds: \Q$threads\E\*?, pin $pin$/m, "a table: $threads, $pin");
            like($result->{out}, qr/^With \Q$threads\E, pin $pin: \S/m, 'and a sentence');
        }
    }
    like($result->{out}, qr/^\d+ of 32 repetitions drifted/m, 'what drifted is counted');
    is((grep { length > 100 } split /\n/, $result->{out}), 0, 'no line of more than 100 columns');
    unlike($result->{out}, qr/\b(?:nan|inf)\b/i, 'no figure that is none');
    my $quiet = gilscope(@small, '-q', '--length=1k', '-o', temp_folder());
    is("$quiet->{out}$quiet->{err}", '', '--quiet says nothing');
};

subtest '--csv: the rows on standard output' => sub {
    my ($folder, $result) = breakeven('--csv', '--length=1k');
    is($result->{out}, slurp("$folder/breakeven.csv"), 'as in the file');
};

subtest 'what bench wrote stays' => sub {
    my $folder = temp_folder();
    gilscope(words('bench -q -r 1 -T 1ms -t 1 -v nogil -o'), $folder);
    spew("$folder/fidelity.csv", "mine\n");
    my $before = slurp("$folder/bench.csv");
    is(gilscope(@small, '-q', '--length=1k', '-o', $folder)->{exit}, 0, 'breakeven in its folder');
    is(slurp("$folder/bench.csv"), $before, 'bench.csv');
    is(slurp("$folder/fidelity.csv"), "mine\n", 'fidelity.csv');
};

subtest 'one usable PU' => sub {
    plan(skip_all => 'no taskset here') if !have('taskset');
    my ($cpu) = column('pu_os', topo_rows());
    my $folder = temp_folder();
    my $result = run('taskset', '-c', $cpu, $GILSCOPE, @small, '--length=1k,100k', '-o', $folder);
    is($result->{exit}, 0, 'it runs') or diag($result->{err});
    like($result->{out}, qr/one usable PU/, 'and says that there is nothing to gain');
    is(join(' ', grep { /gain/ } column('answer', csv_rows(slurp("$folder/breakeven-answers.csv")))), '', 'no gain is told');
    is((grep { $_->{oversubscribed} != ($_->{threads} > 1) } rows($folder)), 0, 'two threads are too many');
};

subtest 'Ctrl-C: what was measured is kept, and summarised' => sub {
    my $folder = temp_folder();
    my $job = start($GILSCOPE, words('breakeven -r 1000 -T 2ms -t 2 --length=1k,10k -o'), $folder);
    ok(poll_until(sub { -e "$folder/breakeven.csv.part" && slurp("$folder/breakeven.csv.part") =~ /(?:.*\n){40}/ }),
        'it runs and writes');
    send_signal(INT => $job);
    my $result = finish($job, 20);
    is($result->{exit}, 130, 'exit code 130');
    is(join(' ', names_in($folder)), join(' ', map { "$_.part" } @files), 'nothing is called complete');
    cmp_ok(scalar(csv_rows(slurp("$folder/breakeven.csv.part"))), '>=', 39, 'the rows are there');
    cmp_ok(scalar(csv_rows(slurp("$folder/breakeven-summary.csv.part"))), '==', 16, 'and their summary');
    like($result->{err}, qr/^not complete: [^\n]*breakeven\.csv\.part$/m, 'and it says where');
    like($result->{out}, qr/^With 2 threads, pin core: /m, 'with the sentences');
};

subtest 'how long it will take is told before it begins' => sub {
    my $folder = temp_folder();
    my $job = start($GILSCOPE, words('breakeven -r 10 -T 100s -t 1 -p none --length=1k,2k -o'), $folder);
    ok(poll_until(sub { slurp($job->{err}) =~ /\n/ }), 'it says something');
    send_signal(INT => $job);
    finish($job, 20);
    # Four cases of ten times 100 s, and a warm-up of 40 s: 4160 s.
    like(slurp($job->{err}), qr/\Agilscope: 4 cases \S+ 10 blocks of 100000 ms: about 69 minutes$/m, 'which is right');
};

subtest 'an interruption before the first block is complete' => sub {
    my $folder = temp_folder();
    my $job = start($GILSCOPE, words('breakeven -r 2 -T 300ms -t 2 --length=1us -p none -o'), $folder);
    ok(poll_until(sub { -e "$folder/breakeven.csv.part" && slurp("$folder/breakeven.csv.part") =~ /(?:.*\n){2}/ }),
        'it runs and writes');
    send_signal(INT => $job);
    my $result = finish($job, 20);
    is($result->{exit}, 130, 'exit code 130');
    unlike($result->{out}, qr/\b(?:nan|inf)\b/i, 'no figure that is none');
};

subtest 'bad options' => sub {
    my %bad = (
        '--length=' => qr/--length/, '--length=0' => qr/--length/, '--length=1us,' => qr/--length/,
        '--length=1parsec' => qr/--length/, '--held=5' => qr/--held/, '--shared=65' => qr/--shared/,
        '--shared=-1' => qr/--shared/, '--lock=gill' => qr/did you mean 'gil'/, '--lock=mutex' => qr/gil, ticks, critical/,
        '--lenght=1us' => qr/did you mean '--length'/, '--variant=hold' => qr/--variant/,
        '--length=' . join(',', 1 .. 65) => qr/64/);
    for my $option (sort keys %bad) {
        one_line_error(gilscope('breakeven', $option), 2, substr($option, 0, 40), $bad{$option});
    }
};

subtest 'more than can be kept' => sub {
    my $folder = temp_folder();
    one_line_error(gilscope(words('breakeven -r 1000 -t 1-400 -l'), join(',', 1 .. 20), '-o', "$folder/new"), 2,
        'millions of repetitions', qr/--threads/, qr/--reps/);
    ok(!-e "$folder/new", 'nothing is written');
};

subtest 'interpreters make the calls too, with a lock of their own' => sub {
    my $home = temp_folder();
    my $fake = "$home/a python";
    symlink "$ROOT/tests/fake-python", $fake or die;
    my ($folder, $result) = breakeven('--length=1k,32k', '--pin=core,none', "--python=$fake");
    my @theirs = grep { $_->{variant} =~ m{/} } rows($folder);
    is(join(' ', sort(uniq(column('variant', @theirs)))), 'cpython-3.11/hold cpython-3.11/release', 'both ways');
    is(join(' ', uniq(column('pin', @theirs))), 'none', 'unpinned, since it cannot bind its threads');
    is(scalar(@theirs), 2 * 2 * 2 * 2, 'two variants, 1 and 2 threads, two lengths, two blocks');
    is(join(' ', uniq(column('lock', @theirs))), 'own', 'its own lock');
    is(join('', map { "$_->{held_s}$_->{shared}" } @theirs), '', 'and its own work with it');
    is(join(' ', grep { $_->{count} % $_->{call} } @theirs), '', 'whole calls');
    my %baseline = map { ("$_->{call} $_->{rep}" => $_->{rate_per_s}) }
        grep { $_->{variant} =~ /hold/ && $_->{threads} == 1 } @theirs;
    near($_->{speedup}, $_->{rate_per_s} / $baseline{"$_->{call} $_->{rep}"}, 'over its own one thread that holds')
        for @theirs;
    ok((grep { $_->{system} eq 'cpython-3.11' && $_->{answer} eq 'break_even' }
        csv_rows(slurp("$folder/breakeven-answers.csv"))), 'its break-even is an answer');
    like($result->{out}, qr/^cpython-3\.11 beside the model, 2 threads, pin none:/m, 'and is set beside the model');
};

subtest 'an interpreter that cannot make calls costs a line' => sub {
    my $folder = temp_folder();
    symlink "$ROOT/tests/fake-python", "$folder/lacks" or die;
    my $result = gilscope(@small, '--length=1k', "--python=$folder/lacks,$folder/no-such", '-o', temp_folder());
    is($result->{exit}, 1, 'exit code 1, since nothing of them could be had');
    like($result->{err}, qr{^gilscope: cpython-3\.11/hold left out: ImportError}m, 'why');
    like($result->{err}, qr{^gilscope: interpreter left out: .*no-such}m, 'and one that is not there');
};

subtest 'a stretch of work far longer than the call does not make the run longer' => sub {
    my ($folder) = breakeven(qw(--held=5ms --length=1us -r 1 -p none));
    is(scalar(rows($folder)), 4, 'all cases');
    my %drift = map { $_->{drift} => 1 } rows($folder);
    is(join(' ', sort keys %drift), '', 'and nothing is said of drift, which cannot be seen in steps so long');
};

subtest 'calls that nobody can wait for' => sub {
    my $folder = temp_folder();
    one_line_error(gilscope(@small, '-o', $folder, '--length=1us,11s'), 2, 'an hour', qr/--length: a call of about 11 s; 10 s is the most/);
    one_line_error(gilscope(@small, '-o', $folder, '--length=1e15'), 2, 'units', qr/--length: a call of about/);
    is(join(' ', names_in($folder)), '', 'nothing is written');
};

subtest 'Ctrl-C is seen within a long call' => sub {
    my $folder = temp_folder();
    my $job = start($GILSCOPE, words('breakeven -q -r 1 -t 1 -p none --length=8s -o'), $folder);
    ok(poll_until(sub { -e "$folder/breakeven.csv.part" }, 60), 'it has begun');
    send_signal(INT => $job);
    my $result = finish($job, 5);
    is($result->{exit}, 130, 'and ends with the signal');
};

done_testing();
