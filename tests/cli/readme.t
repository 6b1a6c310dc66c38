#!/usr/bin/env perl
# The README says what is so: its tables are those of the example run, its options those of the
# program, its files and columns those that are written.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use Test::More;

my $readme = slurp("$ROOT/README.md");

subtest 'the tables shown are those of the example run' => sub {
    for my $name (qw(table.txt reach.txt systems.txt costs.txt answers.txt convoy-answers.txt)) {
        my $text = slurp("$ROOT/results/example/$name");
        $text =~ s/\A\s+|\s+\z//g;
        cmp_ok(length $text, '>', 200, "$name is not empty");
        ok(index($readme, "```\n$text\n```") >= 0, "$name stands in the README as it is");
    }
};

subtest 'the picture shown is in the repository' => sub {
    my @pictures = $readme =~ /!\[[^\]]*\]\(([^)]+)\)/g;
    cmp_ok(scalar @pictures, '>=', 1, 'there is a picture');
    ok(-s "$ROOT/$_", "$_ is there") for @pictures;
};

subtest 'links within the page lead somewhere' => sub {
    # As the forges make them: small letters, no punctuation, a hyphen for each blank.
    my %anchors = map { (lc($_) =~ s/[^\w\s-]//gr =~ s/ /-/gr) => 1 } $readme =~ /^#+ (.+)$/mg;
    my @links = $readme =~ /\]\(#([^)]+)\)/g;
    cmp_ok(scalar @links, '>', 10, 'there are links');
    ok($anchors{$_}, "#$_") for @links;
};

# The table of a command's options: name => [what, default].
sub options_of {
    my ($command) = @_;
    my ($rows) = $readme =~ /^\| option of `\Q$command\E` \|[^\n]*\n\|[-|]+\n((?:\|[^\n]*\n)+)/m;
    my %table;
    for my $row (split /\n/, $rows // '') {
        my (undef, $options, $what, $default) = map { s/\A\s+|\s+\z//gr } split /(?<!\\)\|/, $row;
        $table{$_} = [$what, $default // ''] for $options =~ /`--([a-z-]+)/g;
    }
    return %table;
}

my %help = map { $_ => gilscope($_, '--help')->{out} } qw(bench breakeven convoy costs trace topo);

subtest 'every option stands in the table of its command' => sub {
    for my $command (sort keys %help) {
        my %table = options_of($command);
        my @options = grep { $_ ne 'help' } $help{$command} =~ /^  (?:-\w,|   ) --([\w-]+)/mg;
        is(join(' ', sort keys %table), join(' ', sort @options), $command);
    }
    my $without_head = () = $readme =~ /\n\n\|[^\n]*\|\n(?!\|-)/g;
    is($without_head, 0, 'no table lacks its head');
};

# In the help a default is a word or two; the README may say more, but begins with it.
subtest 'the defaults in the help are those of the README' => sub {
    my %of_bench = options_of('bench');
    my $compared = 0;
    for my $command (sort keys %help) {
        my %table = options_of($command);
        for my $line (grep { /\(default: / } split /\n/, $help{$command}) {
            my ($option, $default) = $line =~ /--([\w-]+).*\(default: ([^\s,;)]+(?:,[^\s;)]+)?)[,;)]/ or next;
            my ($what, $told) = @{$table{$option}};
            ($what, $told) = @{$of_bench{$option}} if $told eq '' && $what =~ /as for `bench`/;
            ($what, $told) = @{{options_of('breakeven')}->{$option}} if $told eq '' && $what =~ /as for `breakeven`/;
            like($told =~ s/`//gr, qr/\A\Q$default\E(?!\w)/, "$command: --$option is $default");
            $compared++;
        }
    }
    cmp_ok($compared, '>', 20, 'there are such defaults');
};

subtest 'every file named in the text exists' => sub {
    my %seen;
    my @files = grep { !$seen{$_}++ } $readme =~ m{`((?:src|include|plot|tests)/[\w./-]+)`}g;
    cmp_ok(scalar @files, '>', 5, 'files are named');
    for my $file (@files) {
        next if $file =~ m{/mine\.c$};    # the one that the reader is told to write
        ok(-e "$ROOT/$file", $file);
    }
};

subtest 'the columns are those of the files' => sub {
    for my $name (qw(bench bench-summary)) {
        my ($header) = slurp("$ROOT/results/example/$name.csv") =~ /\A([^\n]+)\n/;
        ok(index($readme, "`$header`") >= 0, "$name.csv");
    }
    my ($costs) = gilscope(qw(costs --csv -r 1 -T 20us -t 1 -o), temp_folder())->{out} =~ /\A([^\n]+)\n/;
    ok(index($readme, "`$costs`") >= 0, 'costs.csv');
    for my $name (qw(breakeven breakeven-summary breakeven-answers)) {
        my $folder = temp_folder();
        gilscope(words('breakeven -q -r 1 -T 1ms -t 1 -p none -l 1us -o'), $folder);
        my ($header) = slurp("$folder/$name.csv") =~ /\A([^\n]+)\n/;
        ok(index($readme, "`$header`") >= 0, "$name.csv");
    }
    for my $name (qw(trace trace-threads)) {
        my $folder = temp_folder();
        gilscope(words('trace -q -T 1ms -o'), $folder);
        my ($header) = slurp("$folder/$name.csv") =~ /\A([^\n]+)\n/;
        ok(index($readme, "`$header`") >= 0, "$name.csv");
    }
    for my $name (qw(convoy convoy-summary convoy-latency)) {
        my $folder = temp_folder();
        gilscope(words('convoy -q -r 1 -T 5ms --lock=none --hogs=0 -o'), $folder);
        my ($header) = slurp("$folder/$name.csv") =~ /\A([^\n]+)\n/;
        ok(index($readme, "`$header`") >= 0, "$name.csv");
    }
    my ($header) = gilscope('topo', '--csv')->{out} =~ /\A([^\n]+)\n/;
    ok(index($readme, "`$header`") >= 0, 'topo --csv');
};

done_testing();
