#!/usr/bin/env perl
# The targets of the Makefile that a user meets first: help, install, deps.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use Test::More;

subtest 'make help lists the targets' => sub {
    my $help = run('make', '-s', 'help');
    is($help->{exit}, 0, 'make help');
    my %listed = map { /^  make (\S+) +(\S.*)/ ? ($1 => $2) : () } split /\n/, $help->{out};
    ok(length($listed{$_} // ''), $_) for qw(bench breakeven gallery convoy plot test deps install clean help lint);
};

subtest 'QUICK=1 is a shorter bench, and a sweep of fewer lengths' => sub {
    my $bench = run('make', '-n', 'bench', 'QUICK=1')->{out};
    like($bench, qr/gilscope bench [^\n]*--time=15ms/, 'bench');
    my $sweep = run('make', '-n', 'breakeven', 'QUICK=1')->{out};
    my ($lengths) = $sweep =~ /gilscope breakeven [^\n]*--length=(\S+) --time=\S+/;
    is($lengths, '100ns,1us,10us,100us,1ms', 'breakeven: all of the decades');
    like(run('make', '-n', 'convoy', 'QUICK=1')->{out}, qr/gilscope convoy [^\n]*--time=250ms/, 'convoy');
    unlike(run('make', '-n', 'convoy')->{out}, qr/--time/, 'and whole repetitions without it');
    unlike(run('make', '-n', 'breakeven')->{out}, qr/--length/, 'and all lengths without it');
};

subtest 'a picture that cannot be drawn keeps nobody from the table' => sub {
    plan(skip_all => 'no gnuplot here') if !have('gnuplot');
    my %run = (
        bench => ['BENCH=--reps=1 --time=1ms --threads=1 --variant=gil', 'table.txt', 'breakeven-summary.csv'],
        breakeven => ['BREAKEVEN=--reps=1 --time=1ms --threads=1 --length=1us', 'breakeven.txt', 'bench-summary.csv'],
        convoy => ['CONVOY=--reps=1 --time=5ms --lock=gil --hogs=1', 'convoy.txt', 'bench-summary.csv'],
    );
    for my $target (sort keys %run) {
        my ($options, $table, $bad) = @{$run{$target}};
        my $results = temp_folder();
        spew("$results/$bad", "a,b\n1,2\n");
        my $result = run('make', '-s', $target, 'QUICK=1', $options, "RESULTS=$results");
        isnt($result->{exit}, 0, "make $target fails") or diag($result->{out});
        like($result->{err}, qr/^plot: \Q$results\E\/\Q$bad\E/m, 'and says why');
        my $words = slurp("$results/$table");
        cmp_ok(length $words, '>', 100, 'there is a table');
        is(substr($result->{out}, -length $words), $words, 'which is shown, last');
        unlink "$results/$bad";
        is(run('make', '-s', $target, 'QUICK=1', $options, "RESULTS=$results")->{exit}, 0, 'and nothing fails without it');
    }
};

subtest 'the numbers to reach are taken from the columns of that name' => sub {
    my $results = temp_folder();
    run('cp', glob("$ROOT/tests/data/two-cores/*.csv"), $results);
    mkdir "$results/gallery";
    is(gilscope(words('trace -q -T 5ms -o'), "$results/gallery/gil")->{exit}, 0, 'a trace');
    my ($cost) = csv_rows(slurp("$results/gallery/gil/trace-threads.csv"));
    spew("$results/convoy.txt", "7 of 9 figures agree within 25 %, 0 are apart, 2 are undecided.\n");
    my $reach = run({env => {GILSCOPE => $GILSCOPE}}, "$ROOT/.ci/reach", $results)->{out};
    my $event_ns = sprintf '%.1f', $cost->{event_s} * 1e9;
    like($reach, qr/^  recording an event of a trace, ns +\Q$event_ns\E +<= 30/m, 'an event');
    my $with = sprintf '%.3f', $cost->{with_recording};
    like($reach, qr/^  speed of gil with it [^\d]+\Q$with\E +>= 0\.98/m, 'with recording');
    like($reach, qr/^  figures of convoy [^:]* 7 of 9 +all +2 undecided$/m, 'the interpreters beside convoy');
};

# The lines of the README, for a compiler that looks where it was installed. (What was compiled with
# other flags may need them here, too.)
sub uses_the_library {
    my ($prefix) = @_;
    my $here = temp_folder();
    my %env = (CPATH => "$prefix/include", LIBRARY_PATH => "$prefix/lib");
    my ($cc) = split ' ', $ENV{CC} // 'cc';
    my ($build) = slurp("$ROOT/README.md") =~ /^(cc [^\n#]* -lgilscope [^\n#]*)/m;

    symlink "$ROOT/tests", "$here/tests";
    for my $header (map { "gilscope/$_.h" } words('error gil kernel thread_safety trace')) {
        my $source = spew("$here/alone.c", "#include <$header>\n");
        my $result = run({env => \%env}, $cc, words('-fopenmp -Wall -Wextra -Werror -fsyntax-only'), $source);
        is($result->{exit}, 0, "$header needs nothing that is not there") or diag($result->{err});
    }
    my $result = run({env => \%env, cd => $here}, 'sh', '-c', $build =~ s/^cc/$cc/r);
    is($result->{exit}, 0, 'a program of one\'s own: as the README says') or diag($result->{err});
    like(run({cd => $here}, './counter')->{out}, qr/\A400000; /, 'which counts');
    return;
}

subtest 'make install puts a program where it is told' => sub {
    my $here = temp_folder();
    my $result = run('make', '-s', 'install', "DESTDIR=$here/a root", 'PREFIX=/usr');
    is($result->{exit}, 0, 'make install') or diag($result->{err});
    my $program = "$here/a root/usr/bin/gilscope";
    ok(-x $program, 'in DESTDIR/PREFIX/bin');
    is(run({cd => $here}, $program, '--version')->{out}, gilscope('--version')->{out}, 'it runs');
    is(run({cd => $here}, $program, @$TINY, '-q', '-vnogil')->{exit}, 0, 'from anywhere');
    is(join(' ', names_in($here)), 'a root results', 'and writes where it stands');
    is(slurp("$here/a root/usr/include/gilscope/kernel.h"), slurp("$ROOT/include/gilscope/kernel.h"), 'the header of plug-ins');
    is(join(' ', names_in("$here/a root/usr/share/gilscope/kernels")),
        join(' ', grep { /\.so$/ } names_in("$ROOT/.build/kernels")), 'the plug-ins that were built');
    uses_the_library("$here/a root/usr") if $ENV{MAKEFLAGS} !~ /(?:CFLAGS|SANITIZE|DEBUG)=./;
    is(run('make', '-s', 'uninstall', "DESTDIR=$here/a root", 'PREFIX=/usr')->{exit}, 0, 'make uninstall');
    is(run('find', "$here/a root", '-type', 'f')->{out}, '', 'leaves no file');
};

subtest 'the Cython module is made again for another python3' => sub {
    my $here = temp_folder();
    my ($module, $log) = ("$here/module", "$here/log");
    # Tries to build with a python3 that only says its version, and tells whether it was tried.
    my $tried = sub {
        my ($python, @options) = @_;
        unlink $log;
        is(run({env => {PYTHON => $python}}, 'make', '-s', 'python', "MODULE=$module", @options)->{exit},
            0, "make python, $python");
        my $asked = -e $log;
        spew("$module/built", '');
        return $asked;
    };
    my %python = map {
        fake_command($here, $_, qq{[ "\$1" = -V ] && echo "Python $_" && exit; echo asked >>"$log"; exit 1});
        ($_ => "$here/$_")
    } qw(3.11 3.12);
    ok($tried->($python{'3.11'}), 'the first time');
    ok(!$tried->($python{'3.11'}), 'not again for the same one');
    ok($tried->($python{'3.12'}), 'again for another one');
    ok($tried->($python{'3.12'}, '-W', 'include/gilscope/kernel.h'), 'again for another kernel.h');
    fake_command($here, '3.12', qq{[ "\$1" = -V ] && echo "Python 3.12.1" && exit; echo asked >>"$log"; exit 1});
    ok($tried->($python{'3.12'}), 'again for another version in the same place');
    $tried->("$here/none");
    ok($tried->($python{'3.12'}), 'again after it was gone');
};

# ---- .ci/deps, on systems that are made up ----

# A folder for PATH with the tools that the script itself needs, and nothing that it looks for; what
# is called there is written to the log.
sub bare_system {
    my ($log, %options) = @_;
    my $path = temp_folder();

    for my $tool (qw(sh env mktemp rm cat printf sort tr sed awk grep dirname basename uname)) {
        my ($found) = grep { -x } map { "$_/$tool" } split /:/, $ENV{PATH};
        symlink $found, "$path/$tool" if $found;
    }
    fake_command($path, 'id', 'echo ' . ($options{user} // 0));
    for my $manager (@{$options{managers} // []}) {
        fake_command($path, $manager, qq{echo "$manager \$*" >>"$log"; exit } . ($options{status} // 0));
    }
    if ($options{sudo}) {
        fake_command($path, 'sudo', qq{echo "sudo \$*" >>"$log"; exec "\$@"});
    }
    return $path;
}

sub deps {
    my ($path, @groups) = @_;
    return run({env => {PATH => $path, CC => 'cc'}}, "$ROOT/.ci/deps", @groups);
}

my %packages = (
    'apt-get' => [qw(gcc libc6-dev make libhwloc-dev gnuplot-nox)],
    dnf => [qw(gcc make hwloc-devel gnuplot)],
    pacman => [qw(gcc make hwloc gnuplot)],
    apk => [qw(gcc musl-dev make hwloc-dev gnuplot)],
    zypper => [qw(gcc make hwloc-devel gnuplot)],
    brew => [qw(gcc make hwloc gnuplot)],
);
my %test_packages = (
    'apt-get' => [qw(libcmocka-dev perl)],
    dnf => [qw(libcmocka-devel perl-Test-Harness perl-Test-Simple)],
    pacman => [qw(cmocka perl)],
    apk => [qw(cmocka-dev perl-utils)],
    zypper => [qw(libcmocka-devel perl)],
    brew => [qw(cmocka perl)],
);
my %installs = (
    'apt-get' => qr/^apt-get install -y /m,
    dnf => qr/^dnf install -y /m,
    pacman => qr/^pacman -S\S* .*--noconfirm /m,
    apk => qr/^apk add /m,
    zypper => qr/^zypper --non-interactive install /m,
    brew => qr/^brew install /m,
);

for my $manager (sort keys %packages) {
    subtest "deps with $manager" => sub {
        my $kept = temp_folder();
        my $log = spew("$kept/log", '');
        my $result = deps(bare_system($log, managers => [$manager]), 'run');
        is($result->{exit}, 0, 'deps run') or diag($result->{err});
        my $asked = slurp($log);
        like($asked, $installs{$manager}, 'installs');
        like($asked, qr/ \Q$_\E(?: |$)/m, "asks for $_") for @{$packages{$manager}};
        unlike($asked, qr/cmocka|clang|shellcheck/i, 'and not for what tests or lint need');
        spew($log, '');
        is(deps(bare_system($log, managers => [$manager]), 'run', 'test')->{exit}, 0, 'deps run test');
        $asked = slurp($log);
        like($asked, qr/ \Q$_\E(?: |$)/m, "asks for $_") for @{$test_packages{$manager}}, @{$packages{$manager}};
        like($result->{err}, qr/\Adeps: installing with /, 'says what it does');
    };
}

subtest 'deps for lint' => sub {
    my $kept = temp_folder();
    my $log = spew("$kept/log", '');
    is(deps(bare_system($log, managers => ['apt-get']), 'lint')->{exit}, 0, 'deps lint');
    like(slurp($log), qr/ \Q$_\E(?: |$)/m, "asks for $_") for qw(clang clang-format clang-tidy cppcheck shellcheck);
    is(deps(bare_system($log), 'nonsense')->{exit}, 2, 'an unknown group');
};

subtest 'sudo only where it is needed' => sub {
    my $kept = temp_folder();
    my $log = spew("$kept/log", '');
    deps(bare_system($log, managers => ['dnf'], sudo => 1, user => 0), 'run');
    unlike(slurp($log), qr/sudo/, 'not as root');
    spew($log, '');
    is(deps(bare_system($log, managers => ['dnf'], sudo => 1, user => 1000), 'run')->{exit}, 0, 'as another user');
    like(slurp($log), qr/^sudo dnf install .*^dnf install /ms, 'with sudo');
    spew($log, '');
    deps(bare_system($log, managers => ['brew'], sudo => 1, user => 1000), 'run');
    unlike(slurp($log), qr/sudo/, 'never with brew');
    spew($log, '');
    my $result = deps(bare_system($log, managers => ['dnf'], user => 1000), 'run');
    is($result->{exit}, 1, 'neither root nor sudo');
    like($result->{err}, qr/\Adeps: [^\n]*hwloc-devel[^\n]*root[^\n]*\n\z/, 'one line names the packages');
    is(slurp($log), '', 'nothing was tried');
};

subtest 'package lists are refreshed where apt has none' => sub {
    my $kept = temp_folder();
    my $log = spew("$kept/log", '');
    my $path = bare_system($log);
    fake_command($path, 'apt-get',
        qq{echo "apt-get \$*" >>"$log"; case \$1 in update) >"$kept/updated" ;; *) [ -e "$kept/updated" ] || exit 100 ;; esac});
    is(deps($path, 'run')->{exit}, 0, 'installed in the end');
    is(join(' ', slurp($log) =~ /^apt-get (\S+)/mg), 'install update install install',
        'after one refresh, and then the extras');
};

subtest 'Python, Cython and zlib are extras' => sub {
    my $kept = temp_folder();
    my $log = spew("$kept/log", '');
    my $path = bare_system($log);
    fake_command($path, 'apt-get',
        qq{echo "apt-get \$*" >>"$log"; case \$* in *cython*) echo no such package >&2; exit 100 ;; esac});
    my $result = deps($path, 'run');
    is($result->{exit}, 0, 'those that cannot be had are no failure');
    like(slurp($log), qr/^apt-get install .*cython3 python3 python3-dev zlib1g-dev/m, 'they were asked for');
    like($result->{err}, qr/^deps: without cython3 python3 python3-dev zlib1g-dev everything but/m, 'a line says so');
};

subtest 'a package manager that fails' => sub {
    my $kept = temp_folder();
    my $log = spew("$kept/log", '');
    for my $manager (sort keys %packages) {
        my $result = deps(bare_system($log, managers => [$manager], status => 3), 'run');
        is($result->{exit}, 1, $manager);
        like($result->{err}, qr/^deps: [^\n]*could not install[^\n]*gnuplot/m, 'is told');
    }
};

subtest 'an unknown system: a line names what is missing' => sub {
    my $kept = temp_folder();
    my $result = deps(bare_system("$kept/log"), 'run');
    is($result->{exit}, 1, 'exit code 1');
    like($result->{err}, qr/\Adeps: [^\n]*compiler[^\n]*make[^\n]*hwloc[^\n]*gnuplot[^\n]*\n\z/, 'in words');
};

subtest 'nothing missing: nothing done' => sub {
    my $kept = temp_folder();
    my $log = spew("$kept/log", '');
    my $path = path_without('gnuplot', keys %packages, 'sudo');
    fake_command($path, 'gnuplot', 'exit 0');
    fake_command($path, $_, qq{echo "$_ \$*" >>"$log"}) for keys %packages, 'sudo';
    my $result = run({env => {PATH => $path}}, "$ROOT/.ci/deps", 'run');
    plan(skip_all => 'built here with something that deps does not find') if slurp($log) ne '' && !have('cc');
    is($result->{exit}, 0, 'deps run');
    is(slurp($log), '', 'no package manager is called');
    is($result->{out} . $result->{err}, '', 'not a word');
    $result = run({env => {PATH => $path}}, 'make', '-s', 'deps');
    is($result->{exit}, 0, 'make deps');
    is(slurp($log), '', 'the same');
};

subtest 'only what is missing is installed' => sub {
    my $kept = temp_folder();
    my $log = spew("$kept/log", '');
    my $path = path_without('gnuplot', keys %packages);
    fake_command($path, 'apt-get', qq{echo "apt-get \$*" >>"$log"});
    fake_command($path, 'id', 'echo 0');
    is(run({env => {PATH => $path}}, "$ROOT/.ci/deps", 'run')->{exit}, 0, 'deps run');
    like(slurp($log), qr/install .*gnuplot/, 'gnuplot');
    unlike(slurp($log), qr/ make\b/, 'and not make, which is there');
};

done_testing();
