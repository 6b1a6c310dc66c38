package Gilscope;

# What the tests of the program share: running it as a user does, with a limit on the time that it
# may take; folders that vanish; reading its CSV. Needs nothing but Perl's core.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Temp ();
use POSIX ();
use Test::More ();
use Time::HiRes ();

our @EXPORT = qw(
    $ROOT $GILSCOPE $TINY words
    gilscope run start finish send_signal shell
    temp_folder slurp spew names_in path_without fake_command
    csv_read csv_rows csv_table field_names column
    usable_pus topo_rows poll_until children_of cpu_seconds alive
    one_line_error near have
);

our $ROOT = abs_path(dirname(__FILE__) . '/../..');
our $GILSCOPE = abs_path($ENV{GILSCOPE} // "$ROOT/gilscope");

# The smallest bench that still has every variant, one thread and two.
our $TINY = [words('bench --reps=2 --time=2ms --threads=1,2')];

# As qw(), but without its warning of commas.
sub words { return split ' ', $_[0] }

# Nothing may hang a test: what takes longer than this is killed, and the test dies.
our $LIMIT_S = 300;

-x $GILSCOPE or Test::More::BAIL_OUT("no program at $GILSCOPE: run make first");
chdir $ROOT or die "cannot enter $ROOT: $!";

# The tests decide on the environment, not whoever runs them.
delete @ENV{grep { /^(OMP|GOMP|KMP|LIBOMP|HWLOC|LC)_/ } keys %ENV};
delete @ENV{qw(NO_COLOR LANG LANGUAGE MFLAGS MAKELEVEL RESULTS)};
$ENV{LC_ALL} = 'C';
# The interpreters of this machine are python.t's business alone.
$ENV{GILSCOPE_PYTHON} = 'none';
# Under 'make -j test CC=clang' a make of ours has no part in the jobs, but in the variables.
$ENV{MAKEFLAGS} = ($ENV{MAKEFLAGS} // '') =~ /(?:^| )(-- .*)/ ? $1 : '';

sub temp_folder {
    my $folder = File::Temp->newdir('gilscope-cli-XXXXXX', TMPDIR => 1);
    chmod 0755, $folder->dirname;
    return $folder;    # gone with the last reference
}

sub slurp {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "cannot read $path: $!";
    local $/;
    return scalar(<$file>) // '';
}

sub spew {
    my ($path, $text) = @_;
    open my $file, '>:raw', $path or die "cannot write $path: $!";
    print {$file} $text;
    close $file or die "cannot write $path: $!";
    return $path;
}

# The names in a folder, sorted.
sub names_in {
    my ($folder) = @_;
    opendir my $dir, $folder or return;
    my @names = sort grep { !/^\.\.?$/ } readdir $dir;
    return @names;
}

sub have {
    my ($command) = @_;
    return scalar grep { -x "$_/$command" && !-d _ } split /:/, $ENV{PATH};
}

# ---- running ----

my %unfinished;

# start({options}, COMMAND, ARGUMENT...): runs it in a process group of its own; finish() waits.
#   env => {NAME => value or undef}, cd => folder, stdout => file, stdin => file,
#   user => number of the user to become (root only)
sub start {
    my $options = ref $_[0] eq 'HASH' ? shift : {};
    my @command = @_;
    my $kept = temp_folder();
    my %job = (command => \@command, kept => $kept, out => "$kept/out", err => "$kept/err");

    spew($_, '') for @job{qw(out err)};
    my $pid = fork() // die "cannot fork: $!";
    if ($pid == 0) {
        setpgrp 0, 0;
        # Shells start background jobs with these ignored, and ignored they would stay.
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP QUIT PIPE);
        my $stdout = $options->{stdout} // $job{out};
        open STDIN, '<', $options->{stdin} // '/dev/null' or POSIX::_exit(126);
        open STDOUT, ref $stdout ? '>&' : '>>', $stdout or POSIX::_exit(126);
        open STDERR, '>>', $job{err} or POSIX::_exit(126);
        chdir($options->{cd} // $ROOT) or POSIX::_exit(126);
        while (my ($name, $value) = each %{$options->{env} // {}}) {
            defined $value ? ($ENV{$name} = $value) : delete $ENV{$name};
        }
        if (defined $options->{user}) {
            $) = "$options->{user} $options->{user}";
            POSIX::setgid($options->{user});
            POSIX::setuid($options->{user});
            POSIX::_exit(126) if $> != $options->{user};
        }
        no warnings 'exec';
        exec { $command[0] } @command;
        print STDERR "cannot run $command[0]: $!\n";
        POSIX::_exit(127);
    }
    $job{pid} = $pid;
    $unfinished{$pid} = 1;
    return \%job;
}

# A test that dies half-way, or is stopped, leaves nothing running.
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP QUIT);
END {
    local $?;
    kill KILL => -$_ for keys %unfinished;
}

# finish(JOB): waits for it. {out, err, exit, signal}: exit is undef where a signal ended it.
sub finish {
    my ($job, $limit_s) = @_;
    my $deadline = Time::HiRes::time() + ($limit_s // $LIMIT_S);

    while (waitpid($job->{pid}, POSIX::WNOHANG()) == 0) {
        if (Time::HiRes::time() > $deadline) {
            kill KILL => -$job->{pid};
            waitpid $job->{pid}, 0;
            die "still running after its time: @{$job->{command}}\n" . slurp($job->{err});
        }
        Time::HiRes::sleep(0.005);
    }
    my $status = $?;
    delete $unfinished{$job->{pid}};
    my $signal = $status & 127;
    return {
        out => slurp($job->{out}),
        err => slurp($job->{err}),
        exit => $signal ? undef : $status >> 8,
        signal => $signal,
    };
}

sub run { return finish(start(@_)) }

# gilscope({options}, ARGUMENT...)
sub gilscope {
    my $options = ref $_[0] eq 'HASH' ? shift : {};
    return run($options, $GILSCOPE, @_);
}

# shell({options}, SCRIPT, ARGUMENT...): the arguments are $1, $2 and so on.
sub shell {
    my $options = ref $_[0] eq 'HASH' ? shift : {};
    my $script = shift;
    return run($options, 'sh', '-c', $script, 'sh', @_);
}

sub send_signal {
    my ($signal, $job) = @_;
    return kill $signal => $job->{pid};
}

# Asks again and again until it is so: true, or false after limit_s.
sub poll_until {
    my ($condition, $limit_s) = @_;
    my $deadline = Time::HiRes::time() + ($limit_s // 120);

    for (;;) {
        my $answer = $condition->();
        return $answer if $answer;
        return 0 if Time::HiRes::time() > $deadline;
        Time::HiRes::sleep(0.01);
    }
}

# ---- processes ----

# The fields of /proc/PID/stat after the name, which may contain anything: state, ppid, ...
sub stat_fields {
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/stat" or return;
    local $/;
    my $text = <$file> // return;
    $text =~ s/.*\) //s;
    return split ' ', $text;
}

# Alive and no zombie.
sub alive {
    my ($pid) = @_;
    my ($state) = stat_fields($pid);
    return defined $state && $state !~ /[ZX]/;
}

sub children_of {
    my ($parent) = @_;
    opendir my $proc, '/proc' or return;
    return grep {
        my ($state, $ppid) = stat_fields($_);
        defined $ppid && $ppid == $parent && $state !~ /[ZX]/;
    } grep { /^\d+$/ } readdir $proc;
}

sub cpu_seconds {
    my ($pid) = @_;
    my @fields = stat_fields($pid);
    return 0 if @fields < 13;
    return ($fields[11] + $fields[12]) / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

# ---- CSV ----

# RFC 4180: all records of a text, as lists of fields. Dies where it is not CSV.
sub csv_read {
    my ($text) = @_;
    my (@records, @record);

    pos($text) = 0;
    while (pos($text) < length $text) {
        if ($text =~ /\G"((?:[^"]|"")*)"/gc) {
            push @record, $1 =~ s/""/"/gr;
        } elsif ($text =~ /\G([^",\r\n]*)/gc) {
            push @record, $1;
        }
        if ($text =~ /\G\r?\n/gc) {
            push @records, [@record];
            @record = ();
        } elsif ($text !~ /\G,/gc) {
            die 'not CSV at: ' . substr($text, pos($text), 40);
        }
    }
    die 'the last line has no end' if @record;
    return @records;
}

# All records but the header, as hashes by the header's names.
sub csv_rows {
    my ($header, @records) = csv_read($_[0]);
    return map {
        my $record = $_;
        die "a row of @{[scalar @$record]} fields: @$record" if @$record != @$header;
        +{map { $header->[$_] => $record->[$_] } 0 .. $#$header};
    } @records;
}

# A file of key,value as a hash.
sub csv_table {
    return map { $_->[0] => $_->[1] } (csv_read($_[0]))[1 .. csv_read($_[0]) - 1];
}

sub field_names {
    return (split /\n/, $_[0])[0];
}

sub column {
    my ($name, @rows) = @_;
    return map { $_->{$name} } @rows;
}

# ---- the machine ----

sub topo_rows {
    return csv_rows(gilscope('topo', '--csv', @_)->{out});
}

sub usable_pus {
    return scalar topo_rows();
}

# ---- surroundings ----

# A folder for PATH: all commands of the present one but these.
sub path_without {
    my %left_out = map { $_ => 1 } @_;
    my $folder = temp_folder();

    for my $from (split /:/, $ENV{PATH}) {
        for my $name (names_in($from)) {
            symlink "$from/$name", "$folder/$name" if !$left_out{$name} && -x "$from/$name";
        }
    }
    return $folder;
}

# A command that is a shell script.
sub fake_command {
    my ($folder, $name, $script) = @_;
    unlink "$folder/$name";
    spew("$folder/$name", "#!/bin/sh\n$script\n");
    chmod 0755, "$folder/$name";
    return;
}

# ---- assertions ----

# Nothing on stdout, one line on stderr that begins with the program's name, the exit code, and
# everything that the line must name.
sub one_line_error {
    my ($result, $exit, $name, @patterns) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return Test::More::subtest(
        $name => sub {
            Test::More::is($result->{exit}, $exit, "exit code $exit");
            Test::More::is($result->{out}, '', 'nothing on stdout');
            Test::More::like($result->{err}, qr/\Agilscope: [^\n]+\n\z/, 'one line on stderr');
            Test::More::like($result->{err}, $_, 'which says what') for @patterns;
        }
    );
}

# Equal but for the rounding to nine digits.
sub near {
    my ($got, $expected, $name) = @_;
    my $scale = abs($expected) > 1e-12 ? abs($expected) : 1e-12;

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return Test::More::ok($got ne '' && abs($got - $expected) / $scale < 1e-6, $name)
        || Test::More::diag("got $got, expected $expected");
}

1;
