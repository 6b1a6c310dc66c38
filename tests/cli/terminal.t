#!/usr/bin/env perl
# What a terminal gets: the progress line and colours; what anything else gets: neither.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use Test::More;

# Runs a command on a terminal of 100 columns, as a shell in a window does, and copies to stdout
# what appears on it. Ends with the command's exit code.
my $source = <<'END';
#include <errno.h>
#include <pty.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct winsize size = {.ws_row = 30, .ws_col = 100};
    int terminal, status;
    char text[4096];
    pid_t child = forkpty(&terminal, NULL, NULL, &size);

    if (argc < 2 || child < 0) {
        return 126;
    }
    if (child == 0) {
        execvp(argv[1], argv + 1);
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
plan(skip_all => 'the system gives no terminal') if run($on_terminal, 'true')->{exit} == 126;

my @command = (words('bench -r 2 -T 5ms -t 1,2 -v gil,nogil -o'), temp_folder());

# terminal({ENVIRONMENT}, COMMAND...): everything that appeared.
sub terminal {
    my ($environment, @command) = @_;
    my $result = run({env => {TERM => 'xterm', %$environment}}, $on_terminal, @command);
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

done_testing();
