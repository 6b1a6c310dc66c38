#!/usr/bin/env perl
# The user's own function: built-in kernels by name, plug-ins by file; and what is said of those that
# are none, crash, leave, hang, or return something else each time.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use Test::More;

my ($cc) = split ' ', $ENV{CC} // 'cc';
my $folder = temp_folder();
my $soon_s = 60;    # a second is meant; a busy machine gets more

# plugin(NAME, SOURCE, [COMPILER]): compiles NAME.so; its path.
sub plugin {
    my ($name, $source, $compiler) = @_;
    spew("$folder/$name.c", $source);
    my $result = run($compiler // $cc, words('-std=c17 -D_GNU_SOURCE -O1 -shared -fPIC -w -pthread -Iinclude -o'),
        "$folder/$name.so", "$folder/$name.c");
    die "cannot compile $name: $result->{err}" if $result->{exit} != 0;
    return "$folder/$name.so";
}

my $begin = <<'END';
#include "gilscope/kernel.h"
#include <stdlib.h>
#include <unistd.h>
#define UNUSED_STATE (void)state
END

# kernel(NAME, BODY, MEMBER => VALUE...): a plug-in with that body of run().
sub kernel {
    my ($name, $body, %member) = @_;
    my %all = (version => 'GILSCOPE_KERNEL_VERSION', name => qq{"$name"}, unit => '"byte"', run => 'run',
        %member);
    my $before = delete $all{before} // '';
    my $members = join ', ', map { ".$_ = $all{$_}" } sort keys %all;
    return plugin($name, <<"END");
$begin$before
static uint64_t run(void *state, uint64_t units) { $body }
const struct kernel gilscope_kernel = {$members};
END
}

my @small = words('bench -r 1 -T 2ms -t 2 -v nogil');

# Refused before anything is started: one line, nothing written, no core file.
sub refused {
    my ($what, $path, @patterns) = @_;
    my $here = temp_folder();
    my $result = run({cd => $here}, 'sh', '-c', 'ulimit -c unlimited 2>/dev/null; exec "$@"', 'sh', $GILSCOPE,
        @small, "--kernel=$path");

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    one_line_error($result, 1, $what, qr/\Q$path\E/, @patterns);
    is_deeply([names_in($here)], [], "$what: nothing written");
    return;
}

subtest 'built-in kernels by their names' => sub {
    my ($listed) = gilscope('list')->{out} =~ /^kernels\n(.*?)\n\n/ms;
    my @names = $listed =~ /^  (\S+)/mg;
    is_deeply([@names], [words('countdown floor triad')], 'list has them');
    for my $name (@names) {
        my $here = temp_folder();
        my $result = gilscope({cd => $here}, words('bench -r 2 -T 2ms -t 1,2 --csv --kernel'), $name);
        is($result->{exit}, 0, $name) or diag($result->{err});
        my @rows = csv_rows($result->{out});
        ok(!(grep { $_->{kernel} ne $name } @rows), 'in each row');
        my %variants = map { $_->{variant} => 1 } @rows;
        is(!!$variants{atomic}, $name eq 'countdown', 'atomic counts down by itself');
        ok($variants{$_}, $_) for words('serial critical ticks gil nogil tasks pool');
    }
};

subtest 'a word that is no kernel' => sub {
    one_line_error(gilscope(@small, '--kernel=contdown'), 2, 'a slip', qr/--kernel=contdown: /,
        qr/'countdown'\?/, qr/countdown, floor, triad/);
    one_line_error(gilscope(@small, '--kernel=xyzzy'), 2, 'nothing like one', qr/'xyzzy'/);
    one_line_error(gilscope(@small, '--kernel='), 2, 'an empty one', qr/--kernel=:/);
    one_line_error(gilscope(@small, '--kernel=/no/file.so', '--reps=0'), 2, 'the command line comes first',
        qr/--reps=0/);
};

subtest 'files that are no plug-ins' => sub {
    refused('missing', "$folder/missing.so", qr/No such file/);
    refused('without a folder', 'missing.so', qr/No such file/);
    refused('a text', spew("$folder/text.so", "this is no program\n" x 100), qr/no shared object/);
    refused('an empty file', spew("$folder/empty.so", ''), qr/no shared object/);
    refused('a folder', "$folder/", qr/no shared object/);
    refused('a program', $GILSCOPE, qr/no shared object/);
    refused('without an entry', plugin('noentry', "int other = 1;\n"), qr/does not define gilscope_kernel/);
    refused('with a symbol missing', plugin('symbol', "${begin}int nowhere(void);\nint (*p)(void) = nowhere;\n"),
        qr/undefined symbol: nowhere/);
};

subtest 'kernels that are none' => sub {
    my $honest = 'return units;';
    refused('version 1', kernel('old', $honest, version => 1), qr/version 1 .*version 2/);
    refused('version 3', kernel('new', $honest, version => 3), qr/version 3 .*version 2/);
    refused('no run', kernel('norun', $honest, run => 'NULL'), qr/no \.run/);
    refused('a name with blanks', kernel('badname', $honest, name => '"a name"'), qr/\.name: .*letters/);
    refused('no name', kernel('noname', $honest, name => 'NULL'), qr/\.name/);
    refused('an empty unit', kernel('nounit', $honest, unit => '""'), qr/\.unit/);
    refused('the name of a built-in one', kernel('twin', $honest, name => '"triad"'), qr/named triad/);
};

subtest 'kernels that fail in their trial' => sub {
    my $crash = '*(volatile int *)(uintptr_t)(units - 1000) = 1;';
    refused('a crash', kernel('crash', "if (units == 1000) $crash return 0;"),
        qr/crashed \(Segmentation fault\) in a trial call on 1000 bytes$/);
    refused('an abort', kernel('abort', 'abort();'), qr/crashed \(Aborted\) in a trial call on 1 byte$/);
    refused('a crash of two threads at once',
        kernel('twins', 'return units;', set_up => 'set_up',
            before => 'static void *set_up(const struct kernel_place *p) { if (p->threads > 1) abort(); return malloc(1); }'),
        qr/crashed \(Aborted\) in a trial with two threads/);
    refused('a crash in set_up', kernel('upset', 'return units;', set_up => 'set_up',
            before => 'static void *set_up(const struct kernel_place *p) { abort(); }'),
        qr/crashed \(Aborted\) in its set_up/);
    refused('a crash in tear_down', kernel('downset', 'return units;', tear_down => 'down',
            before => 'static void down(void *state) { abort(); }'), qr/crashed \(Aborted\) in its tear_down/);
    refused('a crash when it is loaded', kernel('loaded', 'return units;',
            before => '__attribute__((constructor)) static void load(void) { abort(); }'),
        qr/crashed \(Aborted\) while it was loaded/);
    refused('exit', kernel('leave', 'exit(0);'), qr/ended the program \(exit code 0\) in a trial call on 1 byte$/);
    refused('set_up that returns null', kernel('null', 'return units;', set_up => 'set_up',
            before => 'static void *set_up(const struct kernel_place *p) { return 0; }'), qr/set_up returned null/);
    refused('a hang', kernel('hang', 'for (volatile int i = 0; i == 0;) {} return 0;'),
        qr/not done within 5 s in a trial call on 1 byte$/);
};

subtest 'a kernel that cannot be set up for what is measured' => sub {
    my $path = kernel('greedy', 'for (volatile uint64_t i = 0; i < units; i++) {} return units;', set_up => 'set_up', tear_down => 'free',
        before => 'static void *set_up(const struct kernel_place *p)'
            . ' { return p->units_max > 1000 ? NULL : malloc(1); }');
    one_line_error(gilscope(@small, '-q', "--kernel=$path", '-o', temp_folder()), 1, 'one line',
        qr/the kernel greedy cannot be set up for calls on \d+ bytes/);
};

subtest 'other checksums are no result' => sub {
    my $thread = kernel('uneven', 'for (volatile uint64_t i = 0; i < units; i++) {} return units + (state == (void *)2);', set_up => 'set_up',
        before => 'static void *set_up(const struct kernel_place *p) { return (void *)(uintptr_t)(p->thread + 1); }');
    for my $variant (words('nogil gil pool tasks')) {
        one_line_error(gilscope(words('bench -q -r 1 -n 40000000 -t 2 -v'), $variant, "--kernel=$thread", '-o', temp_folder()),
            1, "another in thread 1 of $variant", qr/the kernel uneven returned 0x\w+ for \d+ bytes in thread 1, and 0x/);
    }
    my $call = kernel('fickle', 'return units + (++*(int *)state == 3);', set_up => 'set_up', tear_down => 'free',
        before => 'static void *set_up(const struct kernel_place *p) { return calloc(1, sizeof(int)); }');
    one_line_error(gilscope(words('bench -q -r 1 -n 100000 -c 100 -t 2 -v gil'), "--kernel=$call", '-o', temp_folder()), 1,
        'another at the third call', qr/fickle returned different checksums for calls of one size in thread \d \(1 calls\)/);
};

# ---- what goes wrong later ----

my $moody = plugin('moody', slurp("$ROOT/tests/data/plugins/moody.c"));

sub lines_of { return -e $_[0] ? scalar(() = slurp($_[0]) =~ /\n/g) : 0 }

# A run of moody with rows written; then its mood changes. The job, and its folder.
sub go_wrong {
    my ($mood, $where, @options) = @_;
    my $kept = temp_folder();
    my $job = start({env => {MOOD_FILE => "$kept/mood", WHERE => $where}}, $GILSCOPE,
        words('bench -r 1000 -T 2ms -t 2'), @options, "--kernel=$moody", '-o', "$kept/results");

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok(poll_until(sub { lines_of("$kept/results/bench.csv.part") > 4 }), 'it runs and writes')
        or diag(slurp($job->{err}));
    spew("$kept/mood.new", "$mood\n");
    rename "$kept/mood.new", "$kept/mood";
    return ($job, $kept);
}

sub check_kept {
    my ($kept) = @_;
    my @rows = csv_rows(slurp("$kept/results/bench.csv.part"));

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    cmp_ok(scalar @rows, '>=', 3, 'the rows before it are kept');
    ok(!(grep { $_->{kernel} ne 'moody' || $_->{count} < 1 } @rows), 'whole');
    ok(!-e "$kept/results/bench.csv", 'and not as if they were all');
    return;
}

my %signal = (segv => [11, 'Segmentation fault'], fpe => [8, 'Floating point exception'], abort => [6, 'Aborted'],
    overflow => [11, 'Segmentation fault']);
for my $case (['segv', undef, 'nogil'], ['fpe', undef, 'gil'], ['abort', undef, 'tasks'], ['segv', 'thread', 'nogil'],
    ['overflow', 'thread', 'critical'], ['overflow', undef, 'nogil'], ['segv', 'worker', 'pool'], ['abort', undef, 'pool']) {
    my ($mood, $where, $variant) = @$case;
    subtest "$mood in the middle of $variant, " . ($where // 'anywhere') => sub {
        my ($job, $kept) = go_wrong($mood, $where, '-q', '-v', $variant);
        my $result = finish($job, $soon_s);
        my ($number, $words) = @{$signal{$mood}};
        one_line_error($result, 128 + $number, 'one line',
            qr{the kernel \Q$moody\E crashed \(\Q$words\E\); what was measured is in \Q$kept\E/results/bench\.csv\.part$});
        check_kept($kept);
        is_deeply([children_of($job->{pid})], [], 'no process is left');
    };
}

for my $case (['nogil'], ['pool', 'worker']) {
    my ($variant, $where) = @$case;
    subtest "exit in the middle of $variant" => sub {
        my ($job, $kept) = go_wrong('exit', $where, '-q', '-v', $variant);
        one_line_error(finish($job, $soon_s), 1, 'one line', qr/the kernel \Q$moody\E ended the program/);
        check_kept($kept);
    };
}

# Which of the two comes first is chance; one in five went through before each had a handler.
subtest 'exit in two threads at once' => sub {
    my $path = kernel('both', <<'END', set_up => 'set_up', before => <<'END2');
    if (units > 1000 && two) {
        atomic_fetch_add(&there, 1);
        while (atomic_load(&there) < 2) {}
        exit(0);
    }
    for (volatile uint64_t i = 0; i < units; i++) {}
    return units;
END
#include <stdatomic.h>
static atomic_int there;
static int two;
static void *set_up(const struct kernel_place *p)
{
    two = p->threads > 1;
    return &there;
}
END2
    my %seen;
    for (1 .. 25) {
        my $result = gilscope(@small, '-q', "--kernel=$path", '-o', temp_folder());
        my $lines = () = $result->{err} =~ /\n/g;
        $seen{"exit $result->{exit}, " . ($result->{err} =~ /ended the program/ ? 'told' : 'not told') . ", $lines"}++;
    }
    is_deeply(\%seen, {'exit 1, told, 1' => 25}, 'told once, each time');
};

subtest 'a call that never returns: Ctrl-C says so, another one ends it' => sub {
    my ($job, $kept) = go_wrong('hang', 'thread', words('-q -v nogil'));
    ok(poll_until(sub { -e "$kept/mood.reached" }), 'it hangs');
    send_signal(INT => $job);
    ok(poll_until(sub { slurp($job->{err}) =~ /\n/ }, $soon_s), 'a line');
    like(slurp($job->{err}), qr/\Agilscope: waiting for a call of the kernel \S+ to return; Ctrl-C again ends [^\n]+\n\z/,
        'which says what to do');
    ok(Gilscope::alive($job->{pid}), 'it waits');
    send_signal(INT => $job);
    is(finish($job, $soon_s)->{signal}, 2, 'the second ends it');
    check_kept($kept);
};

subtest 'a worker of the pool that never returns ends with the first Ctrl-C' => sub {
    my ($job, $kept) = go_wrong('hang', 'worker', words('-q -v pool'));
    ok(poll_until(sub { -e "$kept/mood.reached" }), 'it hangs');
    send_signal(INT => $job);
    is(finish($job, $soon_s)->{exit}, 130, 'ended');
    check_kept($kept);
};

# In the trial's process it is loaded for the first time, in ours for the second.
subtest 'a crash when it is loaded for the second time' => sub {
    my $path = kernel('second', 'return units;', before => qq[#include <fcntl.h>\n__attribute__((constructor)) static void load(void)]
            . qq[ { if (access("$folder/loaded", F_OK) == 0) abort(); close(creat("$folder/loaded", 0600)); }]);
    my $result = gilscope(@small, '-q', "--kernel=$path", '-o', temp_folder());
    one_line_error($result, 128 + 6, 'one line', qr/the kernel \Q$path\E crashed \(Aborted\)/);
};

# ---- what works ----

subtest 'the unit of the kernel, wherever units are counted' => sub {
    my $here = temp_folder();
    my $result = gilscope(words('bench -r 2 -n 100000 -t 1,2 -v nogil'), "--kernel=$moody", '-o', $here);
    is($result->{exit}, 0, 'it runs') or diag($result->{err});
    like($result->{out}, qr/,\s+100000\s+whims\s+a\s+repetition;\s+kernel\s+moody$/m, 'a repetition');
    like($result->{out}, qr/ ns a whim, /, 'one core');
    unlike($result->{out}, qr/decrement|floor/, 'nothing of the countdown');
    my %fact = csv_table(slurp("$here/machine.csv"));
    is($fact{unit}, 'whim', 'in machine.csv');
    is($fact{floor_ns}, '', 'which has no floor');
    cmp_ok($fact{decrement_ns}, '>', 0, 'but the time of a unit');
    ok(!(grep { $_->{kernel} ne 'moody' } csv_rows(slurp("$here/bench-summary.csv"))), 'the name in each row');
    %fact = ();
    gilscope(@$TINY, '-q', '-o', $here);
    %fact = csv_table(slurp("$here/machine.csv"));
    is($fact{unit}, 'decrement', 'that of the countdown');
    cmp_ok($fact{floor_ns}, '>', 0, 'with its floor');
};

subtest 'what cannot take part is told' => sub {
    my $result = gilscope(@small, '--csv', '-v', 'nogil,atomic', '--python=auto', "--kernel=$moody", '-o', temp_folder());
    is($result->{exit}, 0, 'it runs');
    like($result->{err}, qr/^gilscope: left out: --python, [^\n]*moody$/m, 'interpreters');
    like($result->{err}, qr/^gilscope: left out: atomic, [^\n]*moody$/m, 'atomic');
    is_deeply([sort map { $_->{variant} } csv_rows($result->{out})], ['nogil', 'serial'], 'the others run');
    $result = gilscope(@small, '--csv', "--kernel=$moody", '-o', temp_folder());
    unlike($result->{err}, qr/left out/, 'nothing where nobody asked');
};

# Ours has a name: the unnamed section of the process is theirs as well.
subtest 'a kernel that has a critical section itself' => sub {
    my $path = "$folder/section.so";
    spew("$folder/section.c", <<'END');
#include "gilscope/kernel.h"
static uint64_t run(void *state, uint64_t units)
{
    (void)state;
#pragma omp critical
    for (volatile uint64_t i = 0; i < units; i++) {}
    return units;
}
const struct kernel gilscope_kernel = {.version = GILSCOPE_KERNEL_VERSION, .name = "section", .unit = "step", .run = run};
END
    is(run($cc, words('-std=c17 -O1 -shared -fPIC -fopenmp -Iinclude -o'), $path, "$folder/section.c")->{exit}, 0, 'it compiles');
    my $result = gilscope(words('bench -q -r 1 -n 20k -t 2 -v critical,gil,nogil,tasks,pool'), "--kernel=$path", '-o', temp_folder());
    is($result->{exit}, 0, 'no variant keeps it waiting for itself') or diag($result->{err});
};

subtest 'a file in this folder needs no ./' => sub {
    my $result = gilscope({cd => $folder}, @small, '-q', '--kernel=moody.so');
    is($result->{exit}, 0, 'it runs') or diag($result->{err});
};

# The upper bytes of the first states of Knuth's MMIX generator, as src/kernels/plugins/crc32.c has them.
sub mmix_bytes {
    my ($count) = @_;
    use integer;    # modulo 2^64
    my $random = 1;
    return map { $random = $random * 6364136223846793005 + 1442695040888963407; $random >> 56 & 0xff } 1 .. $count;
}

sub crc32_of {
    my $crc = 0xffffffff;
    for my $byte (@_) {
        $crc ^= $byte;
        $crc = $crc & 1 ? $crc >> 1 ^ 0xedb88320 : $crc >> 1 for 1 .. 8;
    }
    return $crc ^ 0xffffffff;
}

subtest 'crc32 of zlib' => sub {
    my $path = "$ROOT/.build/kernels/crc32.so";
    plan(skip_all => 'no zlib here') if !-e $path;
    my $result = gilscope(words('bench -r 2 -T 2ms -t 1,2 --csv'), "--kernel=$path", '-o', temp_folder());
    is($result->{exit}, 0, 'it runs') or diag($result->{err});
    my %variants = map { $_->{variant} => 1 } csv_rows($result->{out});
    ok($variants{$_}, $_) for words('serial gil nogil pool');
    like($result->{out}, qr/,crc32,/, 'by its name');

    # Its bytes are made again here, and so is their CRC (that of zlib, ISO 3309): once by hand.
    my @expected = (crc32_of(mmix_bytes(1)), crc32_of(mmix_bytes(1000)));
    is(crc32_of(map { ord } split //, '123456789'), 0xcbf43926, 'the CRC of the test is one');
    spew("$folder/caller.c", <<'END');
#include "gilscope/kernel.h"
#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    void *object = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
    const struct kernel *kernel = object != NULL ? dlsym(object, "gilscope_kernel") : NULL;
    const struct kernel_place place = {0, 1, 1000};
    void *state = kernel != NULL ? kernel->set_up(&place) : NULL;
    if (state == NULL) return 1;
    printf("%llu %llu", (unsigned long long)kernel->run(state, 1), (unsigned long long)kernel->run(state, 1000));
    return 0;
}
END
    is(run($cc, words('-std=c17 -D_GNU_SOURCE -Iinclude -o'), "$folder/caller", "$folder/caller.c", '-ldl')->{exit}, 0,
        'a program that calls it');
    is(run("$folder/caller", $path)->{out}, "@expected", 'the checksums of a byte and of a thousand');
};

subtest 'the plug-in of the README, as printed' => sub {
    my ($name, $source, $compile, $bench) = slurp("$ROOT/README.md") =~
        /`(\w+)\.c`[^\n]*\n\n```c\n(.*?)```\n\n```sh\n(cc [^\n]+)\n([^\n#]+)/s;
    ok(defined $bench, 'there is one') or return;
    like($bench, qr{^gilscope bench --kernel=\./\Q$name\E\.so\b}, 'its command');
    for my $compiler (grep { have($_) } qw(cc gcc clang)) {
        my $here = temp_folder();
        spew("$here/$name.c", $source);
        symlink "$ROOT/include", "$here/include";
        my $result = run({cd => $here}, 'sh', '-c', $compile =~ s/^cc/$compiler -Wall -Wextra -Werror/r);
        is($result->{exit}, 0, "$compiler compiles it") or diag($result->{err});
        my ($program, @arguments) = split ' ', $bench;
        $result = gilscope({cd => $here}, @arguments, words('-r 1 -T 2ms -t 2 --csv'));
        is($result->{exit}, 0, 'it runs') or diag($result->{err});
        ok(!(grep { $_->{kernel} ne $name } csv_rows($result->{out})), "as $name");
    }
};

done_testing();
