package Faults;

# What the tests of faults share: the library that makes the system fail (tests/programs/faults.c), the
# shortest run of each command that writes, and what must hold whatever went wrong.

use strict;
use warnings;

use Exporter qw(import);
use FindBin;
use lib "$FindBin::Bin/../cli";
use Gilscope;
use JSON::PP ();
use Test::More;
use Time::HiRes ();

our @EXPORT = qw($FULL @COMMANDS @SOME command_line build_program faulty earlier_run whatever_happened each_n group_of none_is_left);

# CHECK=full: every n; else only some.
our $FULL = ($ENV{CHECK} // '') eq 'full';

# The shortest run of each command that writes; the files that it leaves, the rows first.
our @COMMANDS = (
    {name => 'bench', options => '--reps=1 --time=1ms --threads=1,2 --variant=nogil,pool',
        files => [words('bench.csv bench-summary.csv machine.csv topology.xml')]},
    {name => 'breakeven', options => '-q --reps=1 --time=1ms --length=1us --threads=1,2 --pin=none',
        files => [words('breakeven.csv breakeven-summary.csv breakeven-answers.csv machine.csv topology.xml')]},
    {name => 'trace', options => '--time=1ms --threads=2',
        files => [words('trace.csv trace-threads.csv trace.json trace-machine.csv')]},
    {name => 'convoy', options => '--reps=1 --time=10ms --hogs=0,1 --lock=gil',
        files => [words('convoy.csv convoy-summary.csv convoy-latency.csv convoy-machine.csv')]},
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

# The files of a run of that command that nothing was done to: {name => text}.
my %complete;

sub complete_run {
    my ($command) = @_;
    return $complete{$command->{name}} //= do {
        my $folder = temp_folder();
        my $result = run(command_line($command, $folder));
        die "$command->{name}: $result->{err}" if $result->{exit} != 0;
        +{map { $_ => slurp("$folder/$_") } @{$command->{files}}};
    };
}

# Puts what an earlier run left into a folder: {name => text}.
sub earlier_run {
    my ($command, $folder) = @_;
    my %earlier = %{complete_run($command)};
    $earlier{'fidelity.csv'} = "interpreter\nof an earlier run\n" if $command->{name} eq 'bench';
    spew("$folder/$_", $earlier{$_}) for keys %earlier;
    return \%earlier;
}

# How many records a complete file of that command has; undef where it is not always the same.
sub records_of {
    my ($command, $file) = @_;
    return if $file =~ /^trace\.csv$|^convoy-latency/;
    return scalar(() = complete_run($command)->{$file} =~ /\n/g);
}

sub sums {
    my ($key, $value, @rows) = @_;
    my %sum;
    $sum{$key->($_)} += $value->($_) || 0 for @rows;
    return join ' ', map { "$_:$sum{$_}" } sort grep { $sum{$_} } keys %sum;
}

# What has no certain length is compared with what another file says of it: {file => [that other file,
# what it says there, what there is here]}.
my $case = sub {
    my ($row) = @_;
    return join '/', map { $row->{$_} // '' } qw(system lock pin hogs switch_interval_s);
};
my %told_by = (
    'trace.csv' => ['trace-threads.csv',
        sub { sums(sub { $_[0]{thread} }, sub { $_[0]{events} }, @_) },
        sub { sums(sub { $_[0]{thread} }, sub { 1 }, @_) }],
    'convoy-latency.csv' => ['convoy-summary.csv',
        sub { sums($case, sub { $_[0]{requests} }, @_) },
        sub { sums($case, sub { $_[0]{count} }, @_) }],
);

sub wrong_csv {
    my ($command, $folder, $file, $text) = @_;
    my @records = eval { csv_read($text) };
    return "$file: $@" if $@ || !@records;
    return "$file: a record of another length" if grep { @$_ != @{$records[0]} } @records;
    my $all = records_of($command, $file);
    return "$file has " . @records . " of $all lines" if defined $all && @records != $all;
    if ($file =~ /machine\.csv$/) {
        my ($has, $needs) = map { join ' ', map { $_->[0] } csv_read($_) } $text, complete_run($command)->{$file};
        return "$file has the keys $has, not $needs" if $has ne $needs;
    }
    my ($other, $says, $counts) = @{$told_by{$file} // return};
    return if !-e "$folder/$other";
    my ($told, $is) = ($says->(csv_rows(slurp("$folder/$other"))), $counts->(csv_rows($text)));
    return $told eq $is ? undef : "$file has $is, $other says $told";
}

# What is wrong with a file, or nothing.
sub wrong_with {
    my ($command, $folder, $file) = @_;
    my $text = slurp("$folder/$file");
    if ($file eq 'trace.json') {
        my $all = eval { JSON::PP::decode_json($text) };
        return $all && $all->{otherData} && @{$all->{traceEvents}} > 2 ? undef : "$file is no whole file: $@";
    }
    if ($file eq 'topology.xml') {
        my ($has, $needs) = map { scalar(() = /\n/g) } $text, complete_run($command)->{$file};
        return $text =~ /<\/topology>\s*\z/ && $has == $needs ? undef : "$file has $has of $needs lines";
    }
    return wrong_csv($command, $folder, $file, $text);
}

# What is wrong with the final names: all are there, whole and new, or none but those from before.
sub wrong_names {
    my ($command, $folder, $result, $earlier) = @_;
    my @names = sort keys %{{map { $_ => 1 } @{$command->{files}}, keys %$earlier}};
    # The machine is the same, whoever asks it.
    my %is = map { $_ => !-e "$folder/$_" ? 'missing' : slurp("$folder/$_") eq ($earlier->{$_} // '') ? 'earlier' : 'new' }
        grep { $_ ne 'topology.xml' } @names;
    my ($done, $stuck) = (($result->{exit} // 1) == 0, $result->{err} =~ /nor can what was renamed/);
    my %ours = map { $_ => 1 } @{$command->{files}};
    my @wrong;

    if ($stuck) {
        # Renaming fails for good: some may be missing, but two runs are never mixed.
        my %kinds = map { $_ => 1 } grep { $_ ne 'missing' } values %is;
        push @wrong, 'files of two runs: ' . join(' ', %is) if keys %kinds > 1;
        return @wrong;
    }
    for my $name (sort keys %is) {
        my $should = $done ? ($ours{$name} ? 'new' : 'missing') : exists $earlier->{$name} ? 'earlier' : 'missing';
        push @wrong, "$name: $is{$name}, not $should" if $is{$name} ne $should;
    }
    push @wrong, "$_ is left" for grep { /\.replaced$/ || ($done && /\.part$/) } names_in($folder);
    return @wrong;
}

# After a run of a command, whatever happened to it, in a folder where those of an earlier run were: a
# documented exit code, one line that says what failed, nothing half-written under a final name nor of
# two runs, whole lines in what is kept, nobody left behind. Returns what is wrong.
sub whatever_happened {
    my ($command, $folder, $result, $earlier) = @_;
    my @wrong;
    my @said = grep { /^(gilscope|libgomp|OMP): / } split /\n/, $result->{err};

    push @wrong, 'ended by signal ' . ($result->{signal} // '?') if !defined $result->{exit};
    push @wrong, "exit code $result->{exit}" if defined $result->{exit} && $result->{exit} !~ /^[01]$/;
    push @wrong, 'a process is left' if @{$result->{left} // []};
    push @wrong, @said . ' lines that say why' if ($result->{exit} // 1) != 0 && @said != 1;
    push @wrong, wrong_names($command, $folder, $result, $earlier // {});
    for my $file (grep { -e "$folder/$_" } @{$command->{files}}) {
        push @wrong, grep { defined } wrong_with($command, $folder, $file);
    }
    for my $file (grep { /\.part$/ } names_in($folder)) {
        my $text = slurp("$folder/$file");
        push @wrong, "$file has bytes that nobody wrote" if $text =~ /\0/;
        push @wrong, "$file ends in the middle of a line" if $file =~ /\.csv\.part$/ && $text !~ /(\A|\n)\z/;
    }
    return @wrong;
}

# each_n(COMMAND, FAULT, {OTHER FAULTS}, LOOK, FROM): runs it again and again, its 1st, 2nd, 3rd … call of
# that kind failing, or from the FROM-th on, until none is left to fail. Not all of them where that would
# take long. Every other run is in a folder where an earlier one left its files. LOOK is given what
# happened, and the folder, and returns what it does not like.
sub each_n {
    my ($command, $fault, $others, $look, $from) = @_;
    my (@bad, $runs, $failed);

    for (my $n = $from // 1;; $n = $FULL || $from ? $n + 1 : 4 * $n + 1) {
        for my $again ($from || $FULL && $fault eq 'FAIL_WRITE' ? (0, 1) : $n % 2) {
            my $folder = temp_folder();
            my $earlier = $again ? earlier_run($command, $folder) : {};
            my $result = faulty({$fault => $n, %{$others // {}}}, command_line($command, $folder));
            next if !$result->{hit};
            $runs->{$n}++;
            $failed += ($result->{exit} // 1) != 0;
            my @wrong = whatever_happened($command, $folder, $result, $earlier);
            push @wrong, $look->($result, $folder) if $look;
            push @bad, "$fault=$n" . ($again ? ', after an earlier run' : '') . ': ' . join(', ', @wrong) . ": $result->{err}" if @wrong;
        }
        # This run had fewer calls than the one in which they were counted: from further ahead.
        if ($from && !$runs && $from > 5) {
            $from -= 5;
            $n = $from - 1;
            next;
        }
        last if !$runs->{$n};
        die "$fault=$n: no end" if $n > 3000;
    }
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok(!@bad, "$command->{name}: $fault at each n") or diag(join "\n", splice @bad, 0, 12);
    cmp_ok($failed // 0, '>', 0, 'some of ' . keys(%{$runs // {}}) . ' runs failed of it');
    return;
}

# How many calls of that kind a run makes, about: so many that none is hit beyond.
sub calls_of {
    my ($command, $fault) = @_;
    my ($hit, $missed) = (1, 2);
    my $happens = sub {
        my $folder = temp_folder();
        earlier_run($command, $folder);
        return faulty({$fault => $_[0]}, command_line($command, $folder))->{hit};
    };
    ($hit, $missed) = ($missed, 2 * $missed) while $happens->($missed);
    while ($missed - $hit > 1) {
        my $middle = int(($hit + $missed) / 2);
        $happens->($middle) ? ($hit = $middle) : ($missed = $middle);
    }
    return $hit;
}

1;
