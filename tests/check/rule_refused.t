#!/usr/bin/env perl
# The rule, checked by the compiler: clang refuses each of the wrong programs, where it is wrong and
# for what is wrong with it, and the program itself once a single acquire or release is missing.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../cli";
use Gilscope;
use Test::More;

my $full = ($ENV{CHECK} // '') eq 'full';
my @strict = words('-std=c17 -fopenmp -pthread -Iinclude -fsyntax-only -Wall -Wextra -Wpedantic -Werror');
my @rule = words('-Wthread-safety -Wthread-safety-beta');

plan(skip_all => 'no clang') if !have('clang');
my $folder = temp_folder();
plan(skip_all => 'clang has no OpenMP')
    if run(words('clang -fopenmp -fsyntax-only'), spew("$folder/omp.c", "#include <omp.h>\n"))->{exit} != 0;

# What clang says of a file: [line, message]...
sub refusals {
    my $result = run('clang', @strict, @rule, @_);
    return map { /^[^:\n]+:(\d+):\d+: (?:fatal )?error: (.*)/ ? [$1, $2] : () } split /\n/, $result->{err};
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
my %accepted = map { ("tests/programs/wrong-$_.c" => 1) } qw(alias pointer-calls region-inherits releases-anothers);

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
is(scalar(grep { !$accepted{$_} } @wrong), 6, 'six mistakes are refused');

# refuses(FILE, PATTERN): each line that matches is left out in turn, and the file refused each time.
sub refuses_without {
    my ($file, $pattern, $least) = @_;
    my @lines = split /^/, slurp("$ROOT/$file");
    my @calls = grep { $lines[$_] =~ $pattern } 0 .. $#lines;
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

subtest 'the variants, with a call left out' => sub {
    my $call = qr/^\s*gil_(?:acquire|release)\(/;
    refuses_without("src/variants/$_.c", $call, 4) for $full ? qw(gil ticks hold release) : qw(gil release);
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
