#!/usr/bin/env perl
# Bad command lines: one line on stderr that names the option, the value and what is accepted, exit
# code 2, nothing on stdout, nothing written.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use Test::More;

# refused(WHAT, [ARGUMENT...], PATTERN...)
sub refused {
    my ($what, $arguments, @patterns) = @_;
    my $options = ref $arguments->[0] eq 'HASH' ? shift @$arguments : {};
    my $here = temp_folder();
    my $result = gilscope({%$options, cd => $here}, @$arguments);

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    one_line_error($result, 2, $what, @patterns);
    is_deeply([names_in($here)], [], "$what: nothing written");
    return;
}

subtest 'an unknown command' => sub {
    my %nearest = (bnech => 'bench', benhc => 'bench', ben => 'bench', tpoo => 'topo',
        lst => 'list', Bench => 'bench');
    refused($_, [$_], qr/'\Q$_\E'/, qr/did you mean '$nearest{$_}'\?/) for sort keys %nearest;
    refused('nothing like one', ['xyzzy'], qr/'xyzzy'/, qr/gilscope --help/);
    refused('an empty one', [''], qr/''/);
    refused('an option in its place', ['--threads=2'], qr/'--threads=2'/);
};

subtest 'an unknown option' => sub {
    refused('swapped letters', ['bench', '--treads=2'], qr/'--treads=2'/, qr/'--threads'/);
    refused('one too many', ['bench', '--counts', '3'], qr/'--counts'/, qr/'--count'/);
    refused('nothing like one', ['bench', '--xyzzy'], qr/'--xyzzy'/, qr/bench --help/);
    refused('a letter', ['bench', '-x'], qr/'-x'/);
    refused('a letter behind another', ['bench', '-qx'], qr/'-x'/);
    refused('one of another command', ['topo', '--reps=3'], qr/'--reps=3'/, qr/topo --help/);
    refused('with list', ['list', '--quiet'], qr/'--quiet'/);
    refused('a word after --version', ['--version', 'now'], qr/'now'/);
};

subtest 'an unknown variant or pin policy' => sub {
    refused('swapped letters', ['bench', '--variant=gli'], qr/--variant=gli/, qr/'gil'\?/);
    refused('in a list', ['bench', '-v', 'gil,nogli'], qr/'nogli'/, qr/'nogil'\?/);
    refused('a policy', ['bench', '-p', 'cmpact'], qr/--pin=cmpact/, qr/'compact'\?/);
    refused('of topo', ['topo', '-p', 'scatter'], qr/--pin=scatter/, qr/core, compact, spread, none/);
    refused('nothing like one', ['bench', '-v', 'xyzzy'], qr/'xyzzy'/,
        qr/serial, critical, ticks, gil, nogil, tasks, pool, atomic/);
    for my $list ('', ',', 'gil,', ',gil', 'gil,,nogil', 'gil nogil') {
        refused("'$list'", ['bench', "--variant=$list"], qr/--variant=\Q$list\E/);
    }
    refused('an empty policy', ['bench', '--pin='], qr/--pin=:/);
};

my @no_whole_number = ('', '0', '-1', '1.5', '0.0001k', '1e-1', '+5', ' 5', '5 ', '0x10', 'ten',
    'inf', 'nan', '1e', '1,000', '5MM', '5ms', '18446744073709551616', '1e20', '99999999T', '1e999');

subtest 'what is no whole number' => sub {
    for my $option (qw(count reps tasks seed)) {
        for my $value (@no_whole_number) {
            refused("--$option=$value", ['bench', "--$option=$value"],
                qr/--\Q$option=$value\E: not a whole number from 1/);
        }
    }
};

subtest 'a number past its limit' => sub {
    refused('reps', ['bench', '--reps=1001'], qr/--reps=1001: .*1000/);
    refused('tasks', ['bench', '--tasks=1000001'], qr/--tasks=1000001: .*1000000/);
    refused('count', ['bench', '--count=1e18', '-n', '1000000000000000001'],
        qr/--count=1000000000000000001: .*1e18/);
    refused('all together', [qw(bench -t 1-4096 -r 1000)], qr/--threads/, qr/--reps/);
};

subtest 'what is no list of threads' => sub {
    for my $list ('', '0', '-1', '1.5', '4-1', '1-', '1-4:0', '1-4:', '1,', ',1', '1,,2', '4097',
        '1-5000', '0-4', '99999999999999999999', '1-99999999999999999999', '2k', '1..4', 'all',
        '1 2', '1-2-3', '1:2') {
        refused("'$list'", ['bench', "--threads=$list"],
            qr/--threads=\Q$list\E: not thread counts from 1 to 4096/);
    }
    refused('of topo', ['topo', '-t', '4-1'], qr/--threads=4-1: /);
};

subtest 'what is no time' => sub {
    my @no_time = ('', '5', '0s', '0ns', '-5ms', '5m', '5min', '1h', 'ms', '5 ms', '5MS', '1e-3',
        '0.1ns', '86401s', '1e20s', '5ms5', '.5s', '1.s', '1,5s', 'nans');
    for my $option (qw(time switch-interval)) {
        for my $value (@no_time) {
            refused("--$option=$value", ['bench', "--$option=$value"],
                qr/--\Q$option=$value\E: not a time (?:in ns, us, ms or s|with its unit)/);
        }
    }
};

subtest 'a time that lacks but its unit' => sub {
    refused("@$_", $_, qr/: not a time with its unit, which is missing: 5ms, /)
        for [qw(bench -i1)], [qw(bench -T 20)], [qw(breakeven --held=15)], [qw(convoy -i1)], ['convoy', '-i', '1ms,20'];
    my $other = gilscope(qw(bench -T 5m))->{err};
    unlike($other, qr/missing/, 'another unit is there');
};

subtest 'a chunk that is neither a time nor a number' => sub {
    for my $value ('', '0', '0ns', '-5', '1.5', '5m', '1e19', 'all') {
        refused("--chunk=$value", ['bench', "--chunk=$value"],
            qr/--\Qchunk=$value\E: not a time .* or a whole number/);
    }
};

subtest 'a topology that is not one' => sub {
    my $folder = temp_folder();
    my $data = "$ROOT/tests/data/topology";
    my %file = (
        'a missing file' => "$folder/missing.xml",
        'a missing file without a folder' => 'missing.xml',
        'a folder' => "$folder",
        'an empty file' => spew("$folder/empty.xml", ''),
        'garbage' => "$data/garbage.xml",
        'XML cut off in the middle' => "$data/truncated.xml",
        'XML of something else' => spew("$folder/other.xml", "<?xml version=\"1.0\"?>\n<a/>\n"),
        'zeros' => spew("$folder/zeros.xml", "\0" x 5000),
        'a program' => $GILSCOPE,
        '/dev/null' => '/dev/null',
    );
    for my $what (sort keys %file) {
        refused($what, ['topo', "--topology=$file{$what}"], qr/--topology=\Q$file{$what}\E: neither/);
    }
    for my $description ('', ' ', 'core:0', 'core:-1', 'core', 'core:x pu:1', 'pu:2 core:2', 'xyzzy:3',
        'core:2 pu:', 'pu:99999999', 'pack:4294967296 pu:1', 'core:2 pu:2 bla') {
        refused("'$description'", ['topo', "--topology=$description"],
            qr/--topology=\Q$description\E: /);
    }
};

subtest 'the same in the environment' => sub {
    refused('HWLOC_SYNTHETIC', [{env => {HWLOC_SYNTHETIC => 'core:0'}}, 'topo'],
        qr/HWLOC_SYNTHETIC=core:0: neither/);
    refused('HWLOC_XMLFILE', [{env => {HWLOC_XMLFILE => 'no/file.xml'}}, 'topo'],
        qr{HWLOC_XMLFILE=no/file\.xml: neither});
    refused('bench on a machine that is not here',
        [{env => {HWLOC_SYNTHETIC => 'core:2 pu:1'}}, 'bench'], qr/HWLOC_SYNTHETIC/);
};

subtest 'rows of topo under more than one policy' => sub {
    refused('--pin', [qw(topo --csv --pin), 'core,none'], qr/--pin/);
};

subtest 'a missing argument' => sub {
    for my $option (qw(variant threads pin reps time count chunk switch-interval tasks output seed)) {
        refused("--$option", ['bench', "--$option"], qr/--\Q$option\E: its \S+ is missing: ./);
    }
    my %long = (v => 'variant', t => 'threads', p => 'pin', r => 'reps', T => 'time', n => 'count',
        c => 'chunk', i => 'switch-interval', k => 'tasks', o => 'output');
    refused("-$_", ['bench', "-$_"], qr/--\Q$long{$_}\E: its \S+ is missing: ./) for sort keys %long;
    refused('of topo', [qw(topo --topology)], qr/--topology: its \S+ is missing/);
};

subtest 'an argument too many' => sub {
    refused('a word', [qw(bench words)], qr/'words'/, qr/bench --help/);
    refused('a variant', [qw(bench nogil)], qr/'nogil'\?/, qr/Did you mean '--variant=nogil'\?/);
    refused('of trace', [qw(trace gil)], qr/Did you mean '--variant=gil'\?/);
    refused('a lock', ['convoy', '-q', 'gil,ticks'], qr/Did you mean '--lock=gil,ticks'\?/);
    refused('a policy', [qw(topo spread)], qr/Did you mean '--pin=spread'\?/);
    refused('no name of any', [qw(trace gill)], qr/trace --help/);
    refused('behind options', [qw(bench -r 2 -- -t)], qr/'-t'/);
    refused('a value without its option', [qw(bench -r 2 3)], qr/'3'/);
    refused('with topo', [qw(topo machine.xml)], qr/'machine\.xml'/);
    refused('with list', [qw(list variants)], qr/'variants'/);
    refused('to an option without', [qw(bench --quiet=yes)], qr/--quiet/, qr/yes/);
};

subtest 'an output folder without a name, or with one too long' => sub {
    refused('empty', ['bench', '--output='], qr/--output=:/);
    refused('too long', ['bench', '-q', '--output=' . 'x/' x 5000], qr/--output/);
};

subtest 'the first error is told, and the order of options does not matter' => sub {
    refused('two', [qw(bench --reps=0 --time=5)], qr/--reps=0/);
    refused('before good ones', [qw(bench --reps=0 -q --output=x)], qr/--reps=0/);
    refused('behind good ones', [qw(bench -q --output=x --reps=0)], qr/--reps=0/);
};

subtest 'values with strange characters stay on one line' => sub {
    refused('a line break', ['bench', "--variant=a\nb"], qr/--variant=a/);
    refused('a terminal sequence', ['bench', "--threads=\e[31m"], qr/--threads=[^\e]+\n\z/);
    refused('percent signs', ['bench', '--threads=%s%n'], qr/--threads=%s%n/);
    refused('a very long one', ['bench', '--threads=' . '1' x 10000], qr/--threads=111/);
    refused('a command with a line break', ["be\nnch"], qr/unknown command/);
};

done_testing();
