#!/usr/bin/env perl
# The rule, checked by the compiler: clang refuses each of the wrong programs, where it is wrong and
# for what is wrong with it, and the program itself once a single acquire or release is missing.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../cli";
use Gilscope;
use Needs;
use Test::More;

my @strict = words('-std=c17 -fopenmp -pthread -Iinclude -fsyntax-only -Wall -Wextra -Wpedantic -Werror');
my @rule = words('-Wthread-safety -Wthread-safety-beta');

needs(have('clang'), 'clang');
my $folder = temp_folder();
needs(run(words('clang -fopenmp -fsyntax-only'), spew("$folder/omp.c", "#include <omp.h>\n"))->{exit} == 0,
    "clang's <omp.h>");

# What clang says of a file: [line, message]...
sub refusals {
    my $result = run('clang', @strict, @rule, @_);
    return map { /^[^:\n]+:(\d+):\d+: (?:fatal )?error: (.*)/ ? [$1, $2] : () } split /\n/, $result->{err};
}

# The same of files of a whole tree, as its Makefile has clang compile them: nothing is written but what
# clang says. The files that were looked at, and its words. The plug-ins are others' code: they see
# kernel.h alone, and no lock.
sub clang_says_of {
    my ($tree, $debug, @files) = @_;
    my $build = temp_folder();
    local $Gilscope::LIMIT_S = 600;
    my $jobs = run('nproc')->{out} =~ /(\d+)/ ? $1 : 1;
    my $result = run({cd => "$tree"}, words("make -k -j$jobs CC=clang WERROR=1 V= SANITIZE= LDFLAGS="),
        "DEBUG=$debug", "BUILD=$build", "CFLAGS=-fsyntax-only @rule", map { "$build/" . s/\.c$/.o/r } @files);
    return ([sort $result->{out} =~ m{ CC \Q$build\E/(\S+)\.o$}mg], $result->{err}, $result->{exit});
}

# What a program says that clang will say: a comment on the line.
sub expected {
    my @lines = split /\n/, slurp($_[0]);
    return map { $lines[$_] =~ m{// refused: (.*\S)} ? [$_ + 1, $1] : () } 0 .. $#lines;
}

subtest 'the right program is clean' => sub {
    for my $compiler (grep { have($_) } qw(gcc clang)) {
        my $result = run($compiler, @strict, $compiler eq 'clang' ? @rule : (), 'tests/programs/counter.c');
        is($result->{exit}, 0, $compiler);
        is($result->{err}, '', 'not a word');
    }
};

my @wrong = map { "tests/programs/$_" } grep { /^wrong-.*\.c$/ } names_in("$ROOT/tests/programs");
my %accepted = map { ("tests/programs/wrong-$_.c" => 1) }
    qw(alias destroys number pointer-calls region-inherits releases-anothers);

for my $program (@wrong) {
    my @expected = expected("$ROOT/$program");
    my $name = $program =~ s{.*/wrong-(.*)\.c}{$1}r;
    if ($accepted{$program}) {
        is_deeply([refusals($program)], [], "$name: clang does not see it, as documented");
        next;
    }
    subtest "$name: refused" => sub {
        my @refusals = refusals($program);
        cmp_ok(scalar @expected, '>', 0, 'the program says why');
        is("@{[map { $_->[0] } @refusals]}", "@{[map { $_->[0] } @expected]}", 'where it is wrong');
        like($refusals[$_][1] // '', qr/\Q$expected[$_][1]\E/, 'for that') for 0 .. $#expected;
    };
}
is(scalar(grep { !$accepted{$_} } @wrong), 10, 'ten mistakes are refused');

subtest 'the whole program is clean' => sub {
    my @files = map { s/\n//r } grep { !m{^src/kernels/plugins/} } sort split /^/, run(words('find src -name *.c'))->{out};
    cmp_ok(scalar @files, '>', 100, 'files are found');
    for my $debug ($FULL ? ('', 1) : '') {
        my ($looked_at, $says, $exit) = clang_says_of($ROOT, $debug, @files);
        is_deeply($looked_at, [map { s/\.c$//r } @files], "DEBUG=$debug: each is looked at");
        is($exit, 0, 'and accepted') or diag($says);
    }
};

subtest 'and a protected member set after the release is found in it' => sub {
    my $tree = temp_folder();
    my $file = 'src/costs/handoff.c';
    is(run(words('cp -r Makefile include src'), $tree)->{exit}, 0, 'a copy');
    my ($set, $release) = map { qr/^ +$_\n/m } 'game->released_s = clock_now\(\);', 'gil_release\(game->gil, me\);';
    my $changed = slurp("$ROOT/$file") =~ s/($set)($release)/$2$1/r;
    isnt($changed, slurp("$ROOT/$file"), 'moved behind it');
    spew("$tree/$file", $changed);
    my (undef, $says, $exit) = clang_says_of($tree, '', $file);
    isnt($exit, 0, 'make fails');
    like($says, qr{^\Q$file\E:\d+:\d+: error: writing variable 'released_s' requires holding lock 'the_gil'}m, 'for that');
};

# refuses_without(FILE, PATTERN, LEAST): each line that matches is left out in turn, and the file refused
# each time. But where clang is told not to look.
sub refuses_without {
    my ($file, $pattern, $least) = @_;
    my @lines = split /^/, slurp("$ROOT/$file");
    my $looks = 1;
    my @calls = grep {
        $looks = 0 if $lines[$_] =~ /NO_THREAD_SAFETY_ANALYSIS/;
        $looks = 1 if $lines[$_] =~ /^\}/;
        $looks && $lines[$_] =~ $pattern
    } 0 .. $#lines;
    my @where = (words('-D_GNU_SOURCE -I'), $file =~ s{/[^/]*$}{}r, '-Isrc');

    cmp_ok(scalar @calls, '>=', $least, "$file: the calls are found");
    is_deeply([refusals(@where, $file)], [], 'clean as it is');
    for my $call (@calls) {
        spew("$folder/mutant.c", join '', map { $_ == $call ? "\n" : $lines[$_] } 0 .. $#lines);
        my ($first) = refusals(@where, "$folder/mutant.c");
        my $line = $call + 1;
        like($first->[1] // 'nothing', qr/'the_\w+'/, "without line $line");
    }
    return;
}

my $call = qr/^\s*gil_(?:acquire|release)\(/;
subtest 'the variants, with a call left out' => sub {
    refuses_without("src/variants/$_.c", $call, 4) for $FULL ? qw(gil ticks hold release) : qw(gil release);
};

subtest 'the costs and the server, with a call left out' => sub {
    refuses_without('src/costs/handoff.c', $call, 2);
    refuses_without('src/costs/locks.c', $call, 6);
    refuses_without('src/convoy/server.c', qr/^\s*(?:gil_(?:acquire|release)|take|drop)\(/, 10);
};

subtest 'the lock itself, without one of its mutexes' => sub {
    refuses_without('src/gil/switching.c', qr/^    (?:un)?lock_(?:switch_)?mutex\(lock\);/, 8);
};

subtest 'make asks clang, and nobody else' => sub {
    my $flags = sub { run('make', '-n', "CC=$_[0]", 'BUILD=.build/none', '.build/none/src/gil/ticks.o')->{out} };
    like($flags->('clang'), qr/ -Werror=thread-safety /, 'clang refuses, with or without WERROR=1');
    unlike($flags->('gcc'), qr/thread-safety/, 'gcc would not know the option') if have('gcc');
};

done_testing();
