#!/usr/bin/env perl
# The rule, checked at run time: with the checks of make DEBUG=1 the wrong programs abort, after one line
# that says who, where and who holds the lock; the right ones run.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../cli";
use Gilscope;
use Needs;
use Test::More;

my ($cc) = my @cc = split ' ', $ENV{CC} // 'cc';
needs(have($cc), "the compiler $cc");

# Folders of our own, and the usual flags: whatever those are that the tests run with.
my $folder = temp_folder();
my @usual = ("CC=@cc", words('CFLAGS=-O2 LDFLAGS= SANITIZE='));
my ($debug, $plain) = map {
    my $result = run('make', '-s', @usual, "DEBUG=$_", "BUILD=$folder/library$_", 'library');
    is($result->{exit}, 0, "make DEBUG=$_ library") or diag($result->{err});
    "$folder/library$_/libgilscope.a"
} 1, '';

# compiled(PROGRAM, LIBRARY, OPTION...): the path of what it comes to, or undef.
my $built = 0;
sub compiled {
    my ($program, $library, @options) = @_;
    my $path = "$folder/program" . $built++;
    my $result = run(@cc, words('-std=c17 -O1 -fopenmp -pthread -Iinclude -o'), $path, @options,
        "tests/programs/$program.c", $library);
    return $result->{exit} == 0 ? $path : undef;
}

# Nobody wants the memory of a program that was meant to abort.
sub runs { return shell('ulimit -c 0; exec "$1"', $_[0]) }

my @wrong = map { /^(wrong-.*)\.c$/ } names_in("$ROOT/tests/programs");
cmp_ok(scalar @wrong, '>=', 10, 'there are wrong programs');

sub check_aborts {
    my ($kind, $lock) = @_;
    for my $program (@wrong) {
        my ($says) = slurp("$ROOT/tests/programs/$program.c") =~ /aborts: (.*?)(?: \*\/)?$/m;
        my $path = compiled($program, $debug, '-DGILSCOPE_DEBUG', "-Dgil_switching=$kind");
        my $result = runs($path // '/nonexistent');
        if (!defined $says) {
            is($result->{exit}, 0, "$lock, $program: no function of the lock is called") or diag($result->{err});
            next;
        }
        $says =~ s/'gil'/'$lock'/;
        is($result->{signal}, POSIX::SIGABRT(), "$lock, $program: aborts");
        is($result->{err}, "gilscope: $says\n", 'after one line, which says why');
    }
    return;
}

subtest 'the wrong programs abort' => sub {
    check_aborts('gil_switching', 'gil');
    if ($FULL) {
        check_aborts('gil_ticks', 'ticks');
        check_aborts('gil_critical', 'critical');
    }
};

subtest 'the right program runs, with the checks and without' => sub {
    for my $build ([$debug, '-DGILSCOPE_DEBUG'], [$plain]) {
        for my $kind ($FULL ? words('gil_switching gil_ticks gil_critical') : 'gil_switching') {
            my $result = runs(compiled('counter', @$build, "-Dgil_switching=$kind") // '/nonexistent');
            is($result->{exit}, 0, "$kind @$build[1 .. $#$build]");
            like($result->{out}, qr/\A400000; /, 'and loses no count');
            is($result->{err}, '', 'not a word');
        }
    }
};

subtest 'with checks here and none in the library it does not link' => sub {
    is(compiled('counter', $plain, '-DGILSCOPE_DEBUG'), undef, 'rather than run with half of them');
};

subtest 'without the checks there is nothing of them' => sub {
    needs(have('nm'), 'nm');
    like(run('nm', $debug)->{out}, qr/ T gil_release_checked$/m, 'with them there is');
    unlike(run('nm', $plain)->{out}, qr/_checked$/m, 'in the library');
    unlike(run('nm', compiled('counter', $plain))->{out}, qr/gil_(?:acquire|release|assert_held)/,
        'nor in a program: the calls are those of the lock');
};

subtest 'gilscope itself runs with the checks' => sub {
    plan(skip_all => 'CHECK=full does it (make check-rule)') if !$FULL;
    local $Gilscope::LIMIT_S = 600;
    my $build = "$folder/whole";
    my $result = run('make', '-s', @usual, "BUILD=$build", 'DEBUG=1', "$build/gilscope", "$build/tests/test_gil");
    is($result->{exit}, 0, 'make DEBUG=1') or diag($result->{err});
    for my $variant (words('gil ticks critical hold release')) {
        $result = run("$build/gilscope", words("bench -q -r 2 -T 5ms -t 1,2,3 -v $variant -o"), temp_folder());
        is($result->{exit}, 0, $variant) or diag($result->{err});
    }
    for my $lock (words('ticks critical')) {
        $result = run("$build/gilscope", words("bench -q -r 2 -T 5ms -t 2 -v hold,release --lock=$lock -o"), temp_folder());
        is($result->{exit}, 0, "hold and release, $lock") or diag($result->{err});
    }
    is(run("$build/gilscope", words('convoy -q -r 1 -T 20ms --hogs=1 -o'), temp_folder())->{exit}, 0, 'convoy');
    is(run("$build/gilscope", words('costs -q -r 2 -T 20us -o'), temp_folder())->{exit}, 0, 'costs');
    is(run("$build/tests/test_gil")->{exit}, 0, 'and the tests of the locks pass');
};

done_testing();
