package Faults;

# What the tests of faults share: the library that makes the system fail (tests/programs/faults.c), the
# shortest run of each command that writes, and what must hold whatever went wrong.

use strict;
use warnings;

use Exporter qw(import);
use FindBin;
use lib "$FindBin::Bin/../cli";
use Gilscope;
use Test::More;
use Time::HiRes ();

our @EXPORT = qw($FULL @COMMANDS @SOME command_line build_program faulty whatever_happened each_n group_of none_is_left);

# CHECK=full: every n; else only some.
our $FULL = ($ENV{CHECK} // '') eq 'full';

# The shortest run of each command that writes; the files that it leaves, the rows first.
our @COMMANDS = (
    {name => 'bench', options => '--reps=1 --time=1ms --threads=1,2 --variant=nogil,pool',
        files => [words('bench.csv bench-summary.csv machine.csv topology.xml')]},
    {name => 'breakeven', options => '-q --reps=1 --time=1ms --length=1us --threads=1,2 --pin=none',
        files => [words('breakeven.csv breakeven-summary.csv breakeven-answers.csv machine.csv topology.xml')]},
    {name => 'trace', options => '--time=1ms --threads=2',
        files => [words('trace.csv trace-threads.csv trace.json')]},
    {name => 'convoy', options => '--reps=1 --time=10ms --hogs=0,1 --lock=gil',
        files => [words('convoy.csv convoy-summary.csv convoy-latency.csv')]},
    {name => 'costs', options => '--reps=1 --time=50us --threads=2',
        files => [words('costs.csv costs-machine.csv')]},
);

# Where all of them would take long, and are much alike.
our @SOME = $FULL ? @COMMANDS : grep { $_->{name} =~ /bench|convoy/ } @COMMANDS;

sub command_line {
    my ($command, $folder) = @_;
    return ($GILSCOPE, $command->{name}, words($command->{options}), '-o', "$folder");
}

# Builds a program of tests/programs/ into a folder that vanishes. Without a compiler the file is skipped.
my $built = temp_folder();
my ($compiler) = split ' ', $ENV{CC} // 'cc';
have($compiler) || -x $compiler or plan(skip_all => "no compiler: $compiler");

sub build_program {
    my ($name, @options) = @_;
    my $to = "$built/$name";
    my $result = shell('out=$1; source=$2; shift 2; ${CC:-cc} -std=c17 -D_GNU_SOURCE -O2 -o "$out" "$source" "$@"',
        $to, "$ROOT/tests/programs/$name.c", @options);
    die $result->{err} if $result->{exit} != 0;
    return $to;
}

# faulty({VARIABLE => VALUE...}, COMMAND LINE): runs it with these faults. Adds `hit`, whether one of
# them happened, and `left`, the processes that were still there a moment later.
my $library = build_program('faults', qw(-shared -fPIC -ldl));
my $hits = temp_folder();

sub library { return $library }

sub faulty {
    my ($faults, @command) = @_;
    unlink "$hits/hit";
    my $job = start({env => {LD_PRELOAD => $library, FAULT_HIT => "$hits/hit", %$faults}}, @command);
    my $result = finish($job);
    $result->{left} = [none_left($job)];
    $result->{hit} = -e "$hits/hit";
    return $result;
}

# Every process of the job's group but zombies.
sub group_of {
    my ($job) = @_;
    opendir my $proc, '/proc' or die;
    return grep {
        my ($state, undef, $group) = Gilscope::stat_fields($_);
        defined $group && $group == $job->{pid} && $state !~ /[ZX]/;
    } grep { /^\d+$/ } readdir $proc;
}

# Gives those that are just going a second; who stays is ended, and named.
sub none_left {
    my ($job) = @_;
    my @left;
    Gilscope::poll_until(sub { !(@left = group_of($job)) }, 1);
    kill KILL => @left;
    return @left;
}

sub none_is_left {
    my ($job, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is_deeply([none_left($job)], [], $name // 'no process is left');
}

# The end of a file that is complete.
my %ends = ('trace.json' => qr/"otherData":\{[^{}]*\}\}\s*\z/, 'topology.xml' => qr/<\/topology>\s*\z/);
my %rows_of;

# How many records a complete file of that command has; undef where it is not always the same.
sub records_of {
    my ($command, $file) = @_;
    return if $file =~ /^(trace|convoy-latency|machine)/;
    $rows_of{$command->{name}} //= do {
        my $folder = temp_folder();
        my $result = run(command_line($command, $folder));
        die "$command->{name}: $result->{err}" if $result->{exit} != 0;
        +{map { $_ => scalar(() = slurp("$folder/$_") =~ /\n/g) } @{$command->{files}}};
    };
    return $rows_of{$command->{name}}{$file};
}

# What is wrong with a file, or nothing.
sub wrong_with {
    my ($command, $folder, $file) = @_;
    my $text = slurp("$folder/$file");
    return "$file is no whole file" if $ends{$file} && $text !~ $ends{$file};
    return if $ends{$file};
    my @records = eval { csv_read($text) };
    return "$file: $@" if $@ || !@records;
    return "$file: a record of another length" if grep { @$_ != @{$records[0]} } @records;
    my $all = records_of($command, $file) // return;
    return @records == $all || $file eq 'topology.xml' ? undef : "$file has " . @records . " of $all lines";
}

# After a run of a command, whatever happened to it: a documented exit code, one line that says what
# failed, nothing half-written under a final name, whole lines in what is kept, nobody left behind.
# Returns what is wrong.
sub whatever_happened {
    my ($command, $folder, $result) = @_;
    my @wrong;
    my @said = grep { /^(gilscope|libgomp|OMP): / } split /\n/, $result->{err};

    push @wrong, 'ended by signal ' . ($result->{signal} // '?') if !defined $result->{exit};
    push @wrong, "exit code $result->{exit}" if defined $result->{exit} && $result->{exit} !~ /^[01]$/;
    push @wrong, 'a process is left' if @{$result->{left} // []};
    if (($result->{exit} // 1) == 0) {
        push @wrong, "no $_" for grep { !-e "$folder/$_" } @{$command->{files}};
    } else {
        push @wrong, @said . ' lines that say why' if @said != 1;
    }
    for my $file (grep { -e "$folder/$_" } @{$command->{files}}) {
        push @wrong, grep { defined } wrong_with($command, $folder, $file);
    }
    for my $file (grep { /^(?!trace\.json).*\.(csv)\.part$/ } names_in($folder)) {
        my $text = slurp("$folder/$file");
        push @wrong, "$file ends in the middle of a line" if $text ne '' && $text !~ /\n\z/;
    }
    return @wrong;
}

# each_n(COMMAND, FAULT, {OTHER FAULTS}): runs it again and again, its 1st, 2nd, 3rd … call of that
# kind failing, until none is left to fail. Not all of them where that would take long. stdout's is what
# the caller looks at.
sub each_n {
    my ($command, $fault, $others, $look) = @_;
    my (@bad, $runs, $failed);

    for (my $n = 1;; $n = $FULL ? $n + 1 : 4 * $n + 1) {
        my $folder = temp_folder();
        my $result = faulty({$fault => $n, %{$others // {}}}, command_line($command, $folder));
        last if !$result->{hit};
        $runs++;
        $failed += ($result->{exit} // 1) != 0;
        my @wrong = whatever_happened($command, $folder, $result);
        push @wrong, $look->($result, $folder) if $look;
        push @bad, "$fault=$n: " . join(', ', @wrong) . ": $result->{err}" if @wrong;
        die "$fault=$n: no end" if $n > 3000;
    }
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok(!@bad, "$command->{name}: $fault at each n") or diag(join "\n", splice @bad, 0, 12);
    cmp_ok($failed // 0, '>', 0, 'some of ' . ($runs // 0) . ' runs failed of it');
    return;
}

1;
