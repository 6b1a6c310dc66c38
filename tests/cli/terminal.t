#!/usr/bin/env perl
# What a terminal gets: the progress line and colours; what anything else gets: neither.
use strict;
use warnings;
use Encode qw(decode);
use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use Test::More;

# Runs a command on a terminal of so many columns, as a shell in a window does, and copies to stdout
# what appears on it. Ends with the command's exit code.
my $source = <<'END';
#include <errno.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct winsize size = {.ws_row = 30, .ws_col = argc < 3 ? 0 : (unsigned short)atoi(argv[1])};
    int terminal, status;
    char text[4096];
    pid_t child = forkpty(&terminal, NULL, NULL, &size);

    if (argc < 3 || child < 0) {
        return 126;
    }
    if (child == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    for (;;) {
        ssize_t n = read(terminal, text, sizeof text);
        if (n > 0) {
            fwrite(text, 1, (size_t)n, stdout);
        } else if (n == 0 || errno != EINTR) {
            break; /* EIO: nobody has the terminal any more */
        }
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
END

my $tools = temp_folder();
my $on_terminal = "$tools/on-terminal";
spew("$tools/on-terminal.c", $source);
my $built = shell('$1 -D_GNU_SOURCE -o "$2" "$2.c" -lutil', $ENV{CC} // 'cc', $on_terminal);
plan(skip_all => 'no compiler for the helper that makes a terminal') if $built->{exit} != 0;
plan(skip_all => 'the system gives no terminal') if run($on_terminal, 80, 'true')->{exit} == 126;

my @command = (words('bench -r 2 -T 5ms -t 1,2 -v gil,nogil -o'), temp_folder());

# terminal({ENVIRONMENT}, COMMAND...): everything that appeared.
sub terminal {
    my ($environment, @command) = @_;
    my $result = run({env => {TERM => 'xterm', %$environment}}, $on_terminal, 100, @command);
    is($result->{exit}, 0, 'runs on a terminal') or diag($result->{out} . $result->{err});
    return $result->{out};
}

my $drawn = qr/\r\[[= ]{16}\] +\d+ %/;
my $colour = qr/\e\[\d+m/;

subtest 'on a terminal: progress, colours, the table' => sub {
    my $shown = terminal({}, $GILSCOPE, @command);
    like($shown, $drawn, 'a bar');
    like($shown, qr/ s left, [^\r\n]*(?:warm-up|block \d of 2)/, 'how long, and what runs');
    like($shown, qr/\e\[1mSpeedup/, 'colours');
    like($shown, qr/\r\e\[K(?:(?!$drawn).)*Speedup/s, 'the line is wiped before the table');
    my ($after) = $shown =~ /(Speedup.*)/s;
    unlike($after, $drawn, 'and does not come back');
    my @lines = $shown =~ /\r(\[[^\r\e]*)\e\[K/g;
    ok(!(grep { length > 99 } @lines), 'it never reaches the edge');
};

subtest 'NO_COLOR: no colours, but progress' => sub {
    my $shown = terminal({NO_COLOR => 1}, $GILSCOPE, @command);
    unlike($shown, $colour, 'plain');
    like($shown, $drawn, 'a bar');
    like(terminal({NO_COLOR => ''}, $GILSCOPE, @command), $colour, 'empty, it says nothing');
    unlike(terminal({TERM => 'dumb'}, $GILSCOPE, @command), $colour, 'a dumb terminal has none');
};

subtest '--quiet: nothing at all' => sub {
    is(terminal({}, $GILSCOPE, @command, '-q'), '', 'not a character');
};

subtest 'stdout into a file: progress on the terminal, the plain table in the file' => sub {
    my $folder = temp_folder();
    my $shown = terminal({}, 'sh', '-c', 'exec "$@" >"$0"', "$folder/out", $GILSCOPE, @command);
    like($shown, $drawn, 'a bar');
    unlike($shown, qr/Speedup/, 'no table');
    my $table = slurp("$folder/out");
    like($table, qr/^Speedup/m, 'it is in the file');
    unlike($table, qr/[\e\r]/, 'plain');
};

subtest '--csv into a file: progress on the terminal' => sub {
    my $folder = temp_folder();
    my $shown = terminal({}, 'sh', '-c', 'exec "$@" >"$0"', "$folder/out", $GILSCOPE, @command, '--csv');
    like($shown, $drawn, 'a bar');
    is(scalar(csv_rows(slurp("$folder/out"))), 2 * (1 + 2 * 2), 'and clean rows');
};

subtest 'stderr into a file: no progress, the table in colours' => sub {
    my $folder = temp_folder();
    my $shown = terminal({}, 'sh', '-c', 'exec "$@" 2>"$0"', "$folder/err", $GILSCOPE, @command);
    unlike($shown, $drawn, 'none on the terminal');
    like($shown, qr/\e\[1mSpeedup/, 'colours');
    like(slurp("$folder/err"), qr/\Awrote [^\n]*\n\z/, 'one line in the file');
};

subtest 'without a terminal: neither progress nor colours' => sub {
    my $result = gilscope({env => {TERM => 'xterm'}}, @command);
    unlike($result->{out} . $result->{err}, qr/[\e\r]/, 'plain');
    like($result->{err}, qr/\Awrote [^\n]*\n\z/, 'a line that says where the files are');
};

subtest 'topo on a terminal' => sub {
    like(terminal({}, $GILSCOPE, 'topo'), qr/\e\[1mWhere/, 'has colours');
    unlike(terminal({NO_COLOR => 1}, $GILSCOPE, 'topo'), qr/\e/, 'but not with NO_COLOR');
};

# ---- widths ----

# What runs in some seconds and has all tables, marks and sentences: on a machine that is busy, too.
my @wide = (
    'bench -r 6 -T 2ms -t 1,2,40 -p core,none',
    'bench -r 2 -n 1M -t 1,2 --kernel=triad',
    'breakeven -r 6 -T 2ms -t 1,2 -l 100ns,10us',
    'breakeven -r 2 -T 2ms -t 2 -l 512,4k -p none --kernel=triad',
    'costs -r 6 -T 20us',
    'convoy -r 6 -T 5ms --lock=gil,critical,none',
    'convoy -r 2 -T 5ms --lock=gil,ticks --hogs=0,2 -i 1ms,5ms --rate=100k',
    'trace -T 5ms',
    'trace -T 5ms -v release --length=2us --events=10',
    'trace -T 5ms -v pool -t 4',
    'topo', 'list', '--help', 'bench --help', 'breakeven --help', 'costs --help', 'trace --help', 'convoy --help', 'topo --help',
);
push @wide, 'bench -r 2 -T 2ms -t 1,2 -v gil,nogil,pool --python=python3 -p none',
    'convoy -r 2 -T 5ms --lock=gil --hogs=0,1 -i 1ms,5ms --python=python3' if have('python3');

# The lines of a text as they are seen.
sub lines_of {
    my ($text) = @_;
    return split /\r?\n/, decode('UTF-8', $text =~ s/\e\[[\d;]*[mK]//gr);
}

sub with_folder {
    my ($command) = @_;
    return (words($command), $command =~ /^\w+ -/ ? ('-o', temp_folder()) : ());
}

subtest "80 columns are enough: $_" => sub {
    my %utf8 = (LC_ALL => 'C.UTF-8', TERM => 'xterm');
    my @command = with_folder($_);
    my $result = run({env => \%utf8}, $on_terminal, 80, 'sh', '-c', 'exec "$@" 2>/dev/null', 'sh', $GILSCOPE, @command);
    is($result->{exit}, 0, 'on a terminal') or diag($result->{out});
    is_deeply([grep { length > 80 } lines_of($result->{out})], [], 'no line is wider');
    $result = gilscope({env => {LC_ALL => $_ =~ /^bench/ ? 'C.UTF-8' : 'C'}}, @command);
    is($result->{exit}, 0, 'elsewhere') or diag($result->{err});
    is_deeply([grep { length > 80 } lines_of($result->{out})], [], 'no line is wider');
} for @wide;

subtest 'a narrow terminal: no blanks that would make empty lines' => sub {
    my $result = run({env => {LC_ALL => 'C.UTF-8', TERM => 'dumb'}}, $on_terminal, 60,
        'sh', '-c', 'exec "$@" 2>/dev/null', 'sh', $GILSCOPE, words('trace -T 5ms -v nogil -o'), temp_folder());
    is($result->{exit}, 0, 'trace');
    is_deeply([grep { / $/ } lines_of($result->{out})], [], 'no line ends with any');
    my ($below) = $result->{out} =~ /^ +0 +[\d.]+ .s\r\n(.*)/ms;
    is_deeply([grep { length > 60 } lines_of($below)], [], 'and the legend and the sentences fit it');
};

done_testing();
