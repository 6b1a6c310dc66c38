#!/usr/bin/env perl
# CSV of another version, and CSV that was cut off, given to plot: a line that names the file, and no
# picture of it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../cli";
use Faults;
use Gilscope;
use Test::More;

have('gnuplot') or plan(skip_all => 'no gnuplot');
my $PLOT = "$ROOT/plot/plot";

# Folders with every kind of CSV that plot reads. What a line is counted by differs.
my $trace = temp_folder();
is(gilscope(words('trace -q -t 2 --time=1ms -o'), $trace)->{exit}, 0, 'a trace');
my %stored = (
    'bench-summary.csv' => "$ROOT/tests/data/five-interpreters",
    'fidelity.csv' => "$ROOT/tests/data/five-interpreters",
    'breakeven-summary.csv' => "$ROOT/tests/data/breakeven",
    'breakeven-answers.csv' => "$ROOT/tests/data/breakeven",
    'convoy-summary.csv' => "$ROOT/tests/data/convoy",
    'convoy-latency.csv' => "$ROOT/tests/data/convoy",
    'trace-threads.csv' => "$trace",
    'trace.csv' => "$trace",
);

sub copy_of {
    my ($from, $to) = @_;
    spew("$to/$_", slurp("$from/$_")) for grep { /\.csv$/ } names_in($from);
    return $to;
}

# Without a column: of each record the others.
sub without {
    my ($text, $column) = @_;
    return join '', map { my @fields = split /,/, $_, -1; splice @fields, $column, 1; join(',', @fields) =~ s/\n?\z/\n/r }
        split /^/, $text;
}

# Refused in one line that names the file, nothing drawn.
sub refused {
    my ($file, $text, $what, @patterns) = @_;
    my $folder = copy_of($stored{$file}, temp_folder());
    spew("$folder/$file", $text);
    my $result = run($PLOT, $folder);

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($result->{exit}, 1, "$what: exit code 1");
    like($result->{err}, qr/\Aplot: \Q$folder\E\/[^\n]*\Q$file\E[^\n]*; run gilscope \w+ again[^\n]*\n\z/, "$what: one line")
        or diag($result->{err});
    like($result->{err}, $_, "$what: says what") for @patterns;
    is_deeply([grep { /svg|png|part/ } names_in($folder)], [], "$what: nothing is drawn");
    return;
}

for my $file (sort keys %stored) {
    subtest "$file of another version" => sub {
        my $text = slurp("$stored{$file}/$file");
        my ($head) = split /\n/, $text;
        my @columns = split /,/, $head;
        my %read = map { $_ => 1 } words('variant kernel pin lock thread span_s running_s waiting_s native_s '
            . 'wait_longest_s starved_s woken_in_vain run_s handoffs_per_s jain');
        # Of a trace's threads more is written than is drawn.
        my @needed = grep { $file ne 'trace-threads.csv' || $read{$columns[$_]} } 0 .. $#columns;
        for my $c ($FULL ? @needed : @needed[0, -1]) {
            refused($file, without($text, $c), "without $columns[$c]", qr/no column '\Q$columns[$c]\E'/);
        }
        return if $file eq 'trace-threads.csv';
        refused($file, ($text =~ s/^([^\n]*)$/$1,1/mgr) =~ s/\A([^\n]*),1/$1,colour/r, 'with one more', qr/'colour'/);
    };

    subtest "$file is cut off" => sub {
        my $text = slurp("$stored{$file}/$file");
        my $length = length $text;
        # Inside the last line, wherever that ends, and anywhere before.
        my ($last) = $text =~ /([^\n]+\n)\z/;
        my @cuts = $FULL ? (map { $length - $_ } 1 .. length($last) - 1) : ($length - 1, $length - 2);
        push @cuts, map { int($length * $_ / 12) } 1 .. ($FULL ? 11 : 2);
        for my $cut (@cuts) {
            my $left = substr($text, 0, $cut);
            next if $left =~ /\n\z/ || $left !~ /\n/;
            refused($file, $left, "at byte $cut of $length");
        }
    };
}

subtest 'cut off between two lines: what is whole is drawn' => sub {
    my $folder = copy_of($stored{'bench-summary.csv'}, temp_folder());
    my $text = slurp("$folder/bench-summary.csv");
    spew("$folder/bench-summary.csv", $text =~ s/[^\n]+\n\z//r);
    is(run($PLOT, $folder)->{exit}, 0, 'drawn');
    ok(-s "$folder/speedup.svg", 'the picture');
};

done_testing();
