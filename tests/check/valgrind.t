#!/usr/bin/env perl
# Memcheck finds nothing: neither in the unit tests that are short under it, nor in the short commands.
# No invalid read, no jump on what was never written, nothing lost; in forked workers neither.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../cli";
use Gilscope;
use Needs;
use Test::More;

plan skip_all => "takes minutes: 'make valgrind'" if !$FULL;
needs(have('valgrind'), 'valgrind');

my ($cc) = split ' ', $ENV{CC} // 'cc';
my $build = $ENV{BUILD} // '.build/' . $cc =~ s{.*/}{}r;
my $log = temp_folder();
my @memcheck = (words('valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect
    --errors-for-leak-kinds=definite,indirect --num-callers=20 --suppressions=tests/valgrind.supp'));

# Threads take turns under valgrind: who waits must not burn the others' time.
my %patient = (env => {OMP_WAIT_POLICY => 'passive', GILSCOPE_PYTHON => 'none'});

# Under memcheck with that exit code, and without a word of it; what it says goes to a file of each process.
sub clean {
    my ($name, $exit, @command) = @_;
    my $folder = temp_folder();
    my $result = finish(start(\%patient, @memcheck, "--log-file=$folder/%p", @command), 300);
    my @said = grep { /^==/ } map { split /^/, slurp("$folder/$_") } names_in($folder);
    is($result->{exit}, $exit, $name) or diag($result->{err});
    is(scalar @said, 0, 'memcheck has nothing to say') or diag(@said > 40 ? @said[0 .. 39] : @said);
    return;
}

# Not for memcheck: the tests of costs measure for minutes under it; those of the pool take the end of a
# worker apart by its exit code; those of slots give hwloc files that crash it, in a child made for that; in those of convoy the server
# and its hogs take turns, and little is answered in time (the command convoy is below).
my %left_out = map { $_ => 1 } qw(test_convoy test_costs test_pool test_slots);
for my $test (grep { /^test_\w+$/ && !$left_out{$_} } names_in("$build/tests")) {
    clean($test, 0, "$build/tests/$test");
}
for my $target (grep { /^fuzz_(?!messages)\w+$/ } names_in("$build/tests")) {
    my $name = $target =~ s/^fuzz_//r;
    clean($target, 0, "$build/tests/$target", glob("tests/fuzz/seeds/$name/*"));
}

my $folder = temp_folder();
my @quick = (words('-r 1 -t 1,2 -o'), $folder);
clean('help', 0, $GILSCOPE, '--help');
clean('a mistake', 2, $GILSCOPE, words('bench --thread=2'), '--pin=cores');
clean('list', 0, $GILSCOPE, 'list');
clean('topo', 0, $GILSCOPE, 'topo');
clean('topo of another machine', 0, $GILSCOPE, 'topo', '--topology=pack:2 core:2 pu:2');
clean('topo of a damaged file', 2, $GILSCOPE, words('topo --topology=tests/data/topology/truncated.xml'));
clean('bench', 0, $GILSCOPE, words('bench -n 20k'), @quick);
clean('costs', 0, $GILSCOPE, words('costs -T 20us'), @quick);
clean('breakeven', 0, $GILSCOPE, words('breakeven -T 2ms --length=1us,10us'), @quick);
clean('trace', 0, $GILSCOPE, words('trace -T 2ms -o'), $folder);
clean('convoy', 0, $GILSCOPE, words('convoy -r 1 -T 50ms --lock=gil --hogs=0,1 -o'), $folder);

done_testing();
