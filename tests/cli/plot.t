#!/usr/bin/env perl
# The pictures, from stored CSV and from damaged CSV.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use List::Util qw(uniq);
use Test::More;

my $PLOT = "$ROOT/plot/plot";
my @pictures = qw(efficiency.png efficiency.svg speedup.png speedup.svg);
my @stored = qw(all-pins many-threads one-core two-cores);

my @kept;    # temporary folders, until the end

# A copy of a stored result, in a folder of that name.
sub copy_of {
    my ($stored, $here, $name) = @_;
    push @kept, $here;
    my $folder = "$here/" . ($name // 'results');
    mkdir $folder;
    spew("$folder/$_", slurp("$ROOT/tests/data/$stored/$_")) for names_in("$ROOT/tests/data/$stored");
    return $folder;
}

# Why a text is not well-formed XML, or nothing where it is.
sub why_not_xml {
    my ($text) = @_;
    my @open;

    $text =~ s/\A<\?xml [^>]*\?>// or return 'no declaration';
    $text =~ s/<!--.*?-->|<!\[CDATA\[.*?\]\]>|<!DOCTYPE[^>]*>//gs;
    while ($text =~ /\G([^<]*)(<([^<>]*)>)?/gc && defined $1) {
        my ($words, $tag) = ($1, $3);
        return "a bare & near: $words" if $words =~ /&(?!\w+;|#\d+;|#x[0-9a-f]+;)/i;
        last if !defined $tag;
        next if $tag =~ /\/\z/;
        if ($tag =~ /\A\/(.*)/s) {
            return "</$1> closes nothing" if !@open || pop(@open) ne $1;
        } else {
            push @open, $tag =~ /\A([\w:]+)/ ? $1 : return "no tag: <$tag>";
            return "an open quote: <$tag>" if ($tag =~ tr/"//) % 2;
        }
    }
    return "a < too many near: " . substr($text, pos($text) // 0, 40) if (pos($text) // 0) < length $text;
    return @open ? "not closed: @open" : '';
}

sub check_pictures {
    my ($folder) = @_;
    my @variants = uniq(column('variant', csv_rows(slurp("$folder/bench-summary.csv"))));

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    for my $name (@pictures) {
        my $picture = slurp("$folder/$name");
        if ($name =~ /png$/) {
            is(substr($picture, 0, 8), "\x89PNG\r\n\x1a\n", "$name begins as PNG does");
            is(substr($picture, -8, 4), 'IEND', 'and ends so');
            next;
        }
        is(why_not_xml($picture), '', "$name is XML");
        is(colliding($picture), '', 'no words on others');
        my $title = $name =~ s/\..*//r;
        ok($picture =~ /<title>gilscope: $title<\/title>/, 'has its title');
        for my $variant (@variants) {
            next if $variant eq 'serial' && $title eq 'efficiency';    # it is what 100 % means
            ok($picture =~ />\s*\Q$variant\E\s*</, "names $variant");
        }
        ok($picture !~ /\b(?:nan|inf)\b/i, 'and no figure that is none');
    }
    return;
}

# The texts of an SVG: [text, x, y], from the top.
sub texts {
    my ($svg) = @_;
    my @texts;
    while ($svg =~ /<g transform="translate\(([-\d.]+),([-\d.]+)\)[^>]*>\s*<text>(.*?)<\/text>/gs) {
        my ($x, $y, $text) = ($1, $2, $3);
        $text =~ s/<[^>]*>//g;
        push @texts, [$text =~ s/\A\s+|\s+\z//gr, $x, $y];
    }
    return sort { $a->[2] <=> $b->[2] } @texts;
}

# Which texts of an SVG lie on each other, of the letters' width in a wide font; those on their side aside.
sub colliding {
    my ($svg) = @_;
    my (@boxes, @found);
    while ($svg =~ /<g transform="translate\(([-\d.]+),([-\d.]+)\)([^"]*)"([^>]*)>\s*<text>(.*?)<\/text>/gs) {
        my ($x, $y, $turned, $how, $text) = ($1, $2, $3, $4, $5);
        my $size = $how =~ /font-size="([\d.]+)"/ ? $1 : 14;
        my $wide = $size * ("$how$text" =~ /bold/ ? 0.66 : 0.57);
        utf8::decode($text);
        $text =~ s/<[^>]*>|\A\s+|\s+\z//g;
        $text =~ s/&\w+;/x/g;
        next if $turned ne '' || $text !~ /\S/;
        my $long = $wide * length $text;
        my $left = $x - ($how =~ /"end"/ ? $long : $how =~ /"middle"/ ? $long / 2 : 0);
        push @boxes, [$text, $left, $left + $long, $y - 0.75 * $size, $y + 0.15 * $size];
    }
    for my $i (0 .. $#boxes) {
        for my $k (0 .. $i - 1) {
            my ($one, $other) = @boxes[$i, $k];
            next if "@$one" eq "@$other";    # each panel draws the words on top again
            push @found, "$one->[0] on $other->[0]" if $one->[1] + 1 < $other->[2] && $other->[1] + 1 < $one->[2]
                && $one->[3] + 1 < $other->[4] && $other->[3] + 1 < $one->[4];
        }
    }
    return join '; ', uniq(@found);
}

# The least distance from one text of a column to the next.
sub least_distance {
    my @y = map { $_->[2] } @_;
    return (sort { $a <=> $b } map { $y[$_] - $y[$_ - 1] } 1 .. $#y)[0];
}

# As the picture has them: by family and version, then by mode and threads.
sub sort_pairs {
    my %mode = (threads => 1, pool => 2, nogil => 3);
    my $key = sub {
        my ($family, $major, $minor) = $_[0]{interpreter} =~ /\A(.*)-(\d+)\.(\d+)/;
        return sprintf '%s %03d %03d %d %04d', $family, $major, $minor, $mode{$_[0]{mode}}, $_[0]{threads};
    };
    return sort { $key->($a) cmp $key->($b) } @_;
}

# Break-evens with intervals narrow enough to tell them, of as many blocks as that needs.
sub narrow {
    my ($folder) = @_;
    my $answers = slurp("$folder/breakeven-answers.csv") =~ s/(,break_even,)([^,]+),[^,]*,[^,]*,/"$1$2," . 0.9 * $2 . ',' . 1.1 * $2 . ','/ger;
    spew("$folder/breakeven-answers.csv", $answers);
    spew("$folder/breakeven-summary.csv", slurp("$folder/breakeven-summary.csv") =~ s/^((?:[^,\n]*,){7})\d+,/${1}6,/gmr);
    return;
}

sub with_fidelity {
    my ($stored, $folder) = @_;
    spew("$folder/fidelity.csv", slurp($stored));
    return $folder;
}

# The picture of breakeven is whole, and has all these words.
sub check_breakeven {
    my ($folder, @words) = @_;
    my $picture = slurp("$folder/breakeven.svg");

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(why_not_xml($picture), '', 'breakeven.svg is XML');
    like($picture, qr/<title>gilscope: breakeven<\/title>/, 'has its title');
    ok($picture !~ /\b(?:nan|inf)\b/i, 'and no figure that is none');
    is(colliding($picture), '', 'no words on others');
    ok($picture =~ />\s*\Q$_\E/, $_) for @words;
    is(substr(slurp("$folder/breakeven.png"), -8, 4), 'IEND', 'breakeven.png is whole');
    return;
}

# The pictures of convoy are whole, and the first has all these words.
sub check_convoy {
    my ($folder, $names, @words) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(join(' ', grep { /svg|png|part/ } names_in($folder)), join(' ', map { ("$_.png", "$_.svg") } words($names)), 'these alone');
    for my $name (words($names)) {
        my $picture = slurp("$folder/$name.svg");
        is(why_not_xml($picture), '', "$name.svg is XML");
        like($picture, qr/<title>gilscope: $name<\/title>/, 'has its title');
        ok($picture !~ /\b(?:nan|inf)\b/i, 'and no figure that is none');
        is(colliding($picture), '', 'no words on others');
        is(substr(slurp("$folder/$name.png"), -8, 4), 'IEND', "$name.png is whole");
    }
    my $convoy = slurp("$folder/convoy.svg");
    ok($convoy =~ />\s*\Q$_\E/, $_) for @words;
    return;
}

# What a command writes of its machine, beside its CSV.
sub machine_of {
    my ($folder, $command, $cpu) = @_;
    return spew("$folder/$command-machine.csv", join "\n", 'key,value', "cpu,$cpu", qw(usable_pus,3 pus,3 cores,3),
        "command_line,\"gilscope $command --reps=6,7\"", 'date,2031-05-06T07:08:09Z', '');
}

sub without_pictures {
    my ($folder, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is_deeply([grep { /svg|png|part/ } names_in($folder)], [], $name);
}

subtest 'without gnuplot: a line, and no failure' => sub {
    my $path = path_without('gnuplot');
    my $folder = copy_of('two-cores', temp_folder());
    my $result = run({env => {PATH => $path}}, $PLOT, $folder);
    is($result->{exit}, 0, 'exit code 0');
    like($result->{err}, qr/\Aplot: gnuplot not found: [^\n]*make deps[^\n]*\n\z/, 'says so');
    without_pictures($folder, 'no pictures');
    $result = run({env => {PATH => $path}}, 'make', '-s', 'plot', "RESULTS=$folder");
    is($result->{exit}, 0, 'nor does make plot fail');
};

subtest 'a folder that is not there, or without CSV' => sub {
    plan(skip_all => 'no gnuplot here') if !have('gnuplot');
    my $here = temp_folder();
    for my $folder ("$here", "$here/missing", "$ROOT/Makefile") {
        my $result = run($PLOT, $folder);
        is($result->{exit}, 1, $folder);
        like($result->{err}, qr/\Aplot: \Q$folder\E[^\n]*\n\z/, 'in one line');
    }
    is(run($PLOT, 'a', 'b')->{exit}, 2, 'two folders');
};

SKIP: {
    skip 'no gnuplot here', 1 if !have('gnuplot');

    for my $stored (@stored) {
        subtest "the pictures of $stored" => sub {
            my $folder = copy_of($stored, temp_folder());
            my $result = run('make', '-s', 'plot', "RESULTS=$folder");
            is($result->{exit}, 0, 'make plot') or diag($result->{err});
            is($result->{err}, '', 'without a complaint');
            is(join(' ', grep { /svg|png|part/ } names_in($folder)), "@pictures", 'all pictures, nothing half-written');
            like($result->{out}, qr/\Q$folder\/$_\E\b/, "it names $_") for @pictures;
            check_pictures($folder);
        };
    }

    subtest 'the pictures of a run' => sub {
        my $folder = temp_folder();
        gilscope(@$TINY, '-q', '--pin=core,none', '-o', $folder);
        my $result = run($PLOT, "$folder");
        is($result->{exit}, 0, 'drawn') or diag($result->{err});
        check_pictures($folder);
    };

    subtest 'the picture of breakeven' => sub {
        my $folder = copy_of('breakeven', temp_folder());
        my $result = run($PLOT, $folder);
        is($result->{exit}, 0, 'drawn') or diag($result->{err});
        is($result->{err}, '', 'without a complaint');
        is(join(' ', grep { /svg|png|part/ } names_in($folder)), 'breakeven.png breakeven.svg', 'it alone');
        check_breakeven($folder, 'release, 1 thread', 'release, 2 threads', 'hold, 2 threads', 'threads not pinned');
        # as the text says it of these: too wide to tell, from 119 ns to beyond the longest, and over a factor of 555
        my @told = grep { $_->[0] =~ /break-even/ && $_->[0] !~ /band/ } texts(slurp("$folder/breakeven.svg"));
        is_deeply([sort map { $_->[0] =~ s/\x{c2}\x{b5}/u/gr } @told],
            ['break-even cannot be told (95 %: 1.18 us to 656 us)', 'break-even cannot be told (95 %: 119 ns to beyond)'], 'its words');
        # and where it can be told
        narrow($folder);
        is(run($PLOT, $folder)->{exit}, 0, 'drawn with narrow intervals');
        like(slurp("$folder/breakeven.svg"), qr/>\s*break-even $_ \x{c2}\x{b5}s\s*</, "break-even $_ us") for '52.1', '22.1';
        unlink "$folder/breakeven-answers.csv", "$folder/machine.csv";
        is(run($PLOT, $folder)->{exit}, 0, 'without the answers and machine.csv it is drawn all the same');
        check_breakeven($folder);
    };

    # What the columns are: see the README.
    my $row_of = sub {
        my ($variant, $pin, $threads, $call_s, $speedup) = @_;
        return "$variant,countdown,gil,$pin,$threads,100,$call_s,6,1e9,$speedup,$speedup,$speedup,,,,0,0,0,0\n";
    };
    my $header_of_sweep = (split /^/, slurp("$ROOT/tests/data/breakeven/breakeven-summary.csv"))[0];
    my %sweeps = (
        'one length, one policy' => join('', map { $row_of->(@$_, 1e-6, 1) } ['hold', 'core', 1], ['release', 'core', 1]),
        'many threads' => join('', map {
            my $call_s = $_;
            map { ($row_of->('hold', 'none', $_, $call_s, 1), $row_of->('release', 'none', $_, $call_s, $_ * $call_s * 1e4)) }
                1, 2, 4, 8, 16, 128
        } 1e-7, 1e-5, 1e-3),
        'an interpreter beside the model' => join('', map { $row_of->(@$_, 1e-6, 1.5) } ['release', 'core', 2],
            ['cpython-3.11/release', 'core', 2]),
        'a case without its baseline' => $row_of->('release', 'core', 2, 1e-6, 2) . $row_of->('release', 'core', 2, 1e-5, ''),
    );
    for my $what (sort keys %sweeps) {
        subtest "a sweep of $what" => sub {
            my $folder = temp_folder();
            spew("$folder/breakeven-summary.csv", $header_of_sweep . $sweeps{$what});
            my $result = run($PLOT, "$folder");
            is($result->{exit}, 0, 'drawn') or diag($result->{err});
            check_breakeven($folder, 'release, ');
        };
    }

    subtest 'breakeven: a case drifts where half of its repetitions do' => sub {
        for my $case ([6, 2, 0], [6, 3, 1], [6, 5, 1], [6, 6, 1], [10, 4, 0], [10, 5, 1], [11, 5, 0], [11, 6, 1], [100, 9, 0], [100, 100, 1]) {
            my ($reps, $drifting, $drifts) = @$case;
            my $folder = temp_folder();
            my @rows = map { $row_of->('hold', 'none', 1, $_, 1), $row_of->('release', 'none', 2, $_, 2) } 1e-6, 1e-5;
            $rows[-1] =~ s/^((?:[^,]*,){7})6,(.*),0,0,0$/$1$reps,$2,$drifting,0,0/;
            spew("$folder/breakeven-summary.csv", $header_of_sweep . join '', @rows);
            is(run($PLOT, "$folder")->{exit}, 0, 'drawn');
            my ($told) = slurp("$folder/breakeven.svg") =~ /(\d+) of 4 cases drift/;
            is($told // 0, $drifts, "$drifting of $reps");
        }
    };

    subtest 'outcomes of a sweep that are no length' => sub {
        my $folder = copy_of('breakeven', temp_folder());
        my ($head, @answers) = split /^/, slurp("$folder/breakeven-answers.csv");
        my ($least, $most) = (sort { $a <=> $b } column('call_s', csv_rows(slurp("$folder/breakeven-summary.csv"))))[0, -1];
        my %words = (
            'no loss at any length' => "$least,$least,$least",
            'no break-even up to 1.00 ms' => ',2e-4,',
            'break-even 500 ' => '5e-4,2e-4,',
            'break-even cannot be told<' => "1e-5,$least,",
            'break-even cannot be told (95 %: 2.85 ' => ',2.85e-6,',
            'break-even cannot be told (95 %: 20.0 ' => '5e-4,2e-5,',
        );
        for my $words (sort keys %words) {
            spew("$folder/breakeven-answers.csv", $head . "model,countdown,gil,core,2,break_even,$words{$words},,,,1\n");
            is(run($PLOT, $folder)->{exit}, 0, 'drawn');
            check_breakeven($folder);
            my $told = join ' ', map { "$_->[0]<" } texts(slurp("$folder/breakeven.svg"));
            like($told, qr/\Q$words\E/, "$words, of $words{$words}");
        }
        # one length, below which nothing was measured
        my ($head_of_rows, @rows) = split /^/, slurp("$folder/breakeven-summary.csv");
        spew("$folder/breakeven-summary.csv", join '', $head_of_rows, grep { (split /,/)[6] eq $least } @rows);
        my %one = ('no loss' => "$least,$least,$least", 'a loss' => ',,', 'a loss, or none: not told' => ",$least,");
        for my $words (sort keys %one) {
            spew("$folder/breakeven-answers.csv", $head . "model,countdown,gil,core,2,break_even,$one{$words},,,,1\n");
            is(run($PLOT, $folder)->{exit}, 0, 'drawn');
            is(scalar(grep { $_->[0] eq $words } texts(slurp("$folder/breakeven.svg"))), 1, "of one length: $words");
        }
    };

    # Stored rows of cpython-3.11 again, of another interpreter: speedups times a factor, lengths of
    # answers, too.
    my $with_another = sub {
        my ($folder, $name, $factor) = @_;
        my %first = ('breakeven-summary.csv' => 9, 'breakeven-answers.csv' => 6);
        for my $file (sort keys %first) {
            my @lines = split /^/, slurp("$folder/$file");
            for my $line (grep { /\Acpython-3\.11/ } @lines) {
                my @field = split /,/, $line =~ s/\Acpython-3\.11/$name/r, -1;
                length $field[$_] && ($field[$_] *= $factor) for $first{$file} .. $first{$file} + 2;
                push @lines, join ',', @field;
            }
            spew("$folder/$file", join '', @lines);
        }
        return;
    };
    # A label has one line or, where it is an interpreter's, too, two: [mode, whose, x, y] in a panel's column.
    my $labels_of = sub {
        my ($svg) = @_;
        my (%column, @labels);
        push @{$column{$_->[1]}}, $_ for grep { $_->[0] =~ /\A(?:(?:hold|release), \d+ threads?|(?:and )?in )/ } texts($svg);
        for my $x (sort { $a <=> $b } keys %column) {
            for my $text (@{$column{$x}}) {
                if ($text->[0] =~ /\A(?:and )?in / && @labels) {
                    $labels[-1][1] = $text->[0];
                } else {
                    push @labels, [$text->[0], '', $x, $text->[2]];
                }
            }
        }
        return @labels;
    };
    my $dashes_in = sub {
        my %dashes = map { $_ => 1 } $_[0] =~ /stroke-dasharray=.([\d., ]+)/g;
        return scalar keys %dashes;
    };
    my $break_even = sub {
        my ($folder, $system, $pin) = @_;
        my ($answer) = grep { $_->{system} eq $system && $_->{pin} eq $pin && $_->{answer} eq 'break_even' }
            csv_rows(slurp("$folder/breakeven-answers.csv"));
        my $s = $answer->{call_s};
        return $s < 1e-6 ? sprintf('%.0f ns', $s * 1e9) : sprintf("%.2f \x{c2}\x{b5}s", $s * 1e6);
    };

    subtest 'breakeven: an interpreter beside the model' => sub {
        my $folder = copy_of('breakeven-python', temp_folder());
        is(run($PLOT, $folder)->{exit}, 0, 'drawn of 3 blocks');
        is(scalar(grep { $_->[0] =~ /\Abreak-even cannot be told \(of 3 blocks: .*\); cpython-3\.11 neither\z/ } texts(slurp("$folder/breakeven.svg"))),
            2, 'of fewer than 6 none is told');
        like(slurp("$folder/breakeven.svg"), qr/bars: range of 3 blocks /, 'and it says what the bars are');
        narrow($folder);
        my $result = run($PLOT, $folder);
        is($result->{exit}, 0, 'drawn') or diag($result->{err});
        is($result->{err}, '', 'without a complaint');
        check_breakeven($folder, 'cpython-3.11', 'thin and dashed: the interpreter');
        my $svg = slurp("$folder/breakeven.svg");
        for my $pin (qw(core none)) {
            my $words = 'break-even ' . $break_even->($folder, 'model', $pin) . '; cpython-3.11 ' . $break_even->($folder, 'cpython-3.11', $pin);
            is(scalar(grep { $_->[0] eq $words } texts($svg)), 1, $words);
        }
        my @labels = $labels_of->($svg);
        my @x = uniq(map { $_->[2] } @labels);
        is(scalar(@x), 2, 'two panels');
        for my $x (@x) {
            my @here = grep { $_->[2] == $x } @labels;
            my %has;
            for my $label (@here) {
                $has{$label->[0]}{model}++ if $label->[1] !~ /\Ain /;
                $has{$label->[0]}{guest}++ if $label->[1] =~ /cpython-3\.11\z/;
            }
            my %both = (model => 1, guest => 1);
            is_deeply(\%has, {'hold, 1 thread' => {model => 1}, map { $_ => {%both} } 'hold, 2 threads', 'release, 1 thread', 'release, 2 threads'},
                'each curve has a label, its own or one that it shares; the baseline is drawn once');
            my @lines = grep { $_->[1] == $x } texts($svg);
            cmp_ok(least_distance(@lines), '>=', 12, 'no two lie on each other');
        }

        my $with = $dashes_in->($svg);
        my $alone = copy_of('breakeven-python', temp_folder());
        narrow($alone);
        for my $file (qw(breakeven-summary.csv breakeven-answers.csv)) {
            spew("$alone/$file", slurp("$alone/$file") =~ s/^cpython.*\n//gmr);
        }
        is(run($PLOT, $alone)->{exit}, 0, 'the model alone');
        my $without = slurp("$alone/breakeven.svg");
        unlike($without, qr/cpython|dashed|interpreter/, 'there, nothing is said of interpreters');
        cmp_ok($with, '>', $dashes_in->($without), 'and nothing is dashed as they are');
        my ($many, $few) = map { scalar(() = /stroke-dasharray/g) } $svg, $without;
        cmp_ok($many - $few, '>=', 9, 'dashed: three curves and a break-even in each panel, and the key');
    };

    subtest 'breakeven: two interpreters' => sub {
        my $folder = copy_of('breakeven-python', temp_folder());
        narrow($folder);
        $with_another->($folder, 'cpython-3.13', 1);
        is(run($PLOT, $folder)->{exit}, 0, 'with the same figures');
        my $svg = slurp("$folder/breakeven.svg");
        my @shared = grep { $_->[1] =~ /in cpython-3\.11, 3\.13\z/ } $labels_of->($svg);
        is(scalar(@shared), 6, 'curves that coincide share a label, three in each panel');
        ok(!grep({ $_->[1] =~ /in cpython-3\.13\z/ } $labels_of->($svg)), 'and have no other');
        my $coinciding = $dashes_in->($svg);

        $folder = copy_of('breakeven-python', temp_folder());
        narrow($folder);
        $with_another->($folder, 'pypy-3.9', 1.5);
        is(run($PLOT, $folder)->{exit}, 0, 'half as fast again');
        check_breakeven($folder, 'cpython-3.11', 'pypy-3.9', 'thin and dashed: interpreters');
        $svg = slurp("$folder/breakeven.svg");
        my @labels = $labels_of->($svg);
        is(scalar(grep { $_->[1] eq 'in pypy-3.9' } @labels), 6, 'curves that do not coincide have labels of their own');
        for my $x (uniq(map { $_->[2] } @labels)) {
            cmp_ok(least_distance(grep { $_->[1] == $x } texts($svg)), '>=', 12, 'no two lie on each other');
        }
        is($dashes_in->($svg), $coinciding, 'dashes are by interpreter, not by curve');
        my $words = 'break-even ' . join '; ', map { ($_ eq 'model' ? '' : "$_ ") . $break_even->($folder, $_, 'core') } qw(model cpython-3.11 pypy-3.9);
        is(scalar(grep { $_->[0] eq $words } texts($svg)), 1, $words);
        unlike($svg, qr/not drawn/, 'all are drawn');
    };

    subtest 'breakeven: more interpreters than there is room for' => sub {
        my $folder = copy_of('breakeven-python', temp_folder());
        narrow($folder);
        $with_another->($folder, "cpython-3.$_", 1 + ($_ - 11) / 4) for 12, 13;
        is(run($PLOT, $folder)->{exit}, 0, 'three');
        check_breakeven($folder, 'hold of interpreters: not drawn');
        my @labels = $labels_of->(slurp("$folder/breakeven.svg"));
        ok(!grep({ $_->[0] =~ /hold/ && $_->[1] ne '' } @labels), 'nor has it labels');
        ok(scalar(grep { $_->[0] eq 'release, 1 thread' && $_->[1] =~ /in / } @labels), 'release has');
        like(slurp("$folder/breakeven.svg"), qr/; 3 interpreters 581 ns to /, 'the break-evens from where to where');
        $with_another->($folder, "cpython-3.$_", 1 + ($_ - 11) / 4) for 14, 15;
        is(run($PLOT, $folder)->{exit}, 0, 'five');
        check_breakeven($folder, 'of interpreters: release, 2 threads, alone');
        @labels = $labels_of->(slurp("$folder/breakeven.svg"));
        ok(!grep({ $_->[0] ne 'release, 2 threads' && $_->[1] ne '' } @labels), 'so it is');
    };

    subtest 'breakeven: outcomes of the interpreter that are no length' => sub {
        my $folder = copy_of('breakeven-python', temp_folder());
        my ($head) = split /^/, slurp("$folder/breakeven-answers.csv");
        my $least = (sort { $a <=> $b } column('call_s', csv_rows(slurp("$folder/breakeven-summary.csv"))))[0];
        my ($at, $none, $unsure) = ('1e-5,5e-6,2e-5', ',2e-4,', "1e-5,$least,");
        narrow($folder);
        my @cases = (
            [$at, $none, 'break-even 10.0 .s; cpython-3.11: no break-even up to 1.00 ms'],
            [$at, $unsure, 'break-even 10.0 .s; cpython-3.11: cannot be told'],
            [$none, $at, 'no break-even up to 1.00 ms; cpython-3.11: break-even 10.0 .s'],
            [$none, $none, 'no break-even up to 1.00 ms; cpython-3.11 likewise'],
            [$unsure, $unsure, 'break-even cannot be told; cpython-3.11 neither'],
            [$unsure, $at, 'break-even cannot be told; cpython-3.11: break-even 10.0 .s'],
        );
        for my $case (@cases) {
            my ($model, $guest, $words) = @$case;
            spew("$folder/breakeven-answers.csv", $head . "model,countdown,gil,core,2,break_even,$model,,,,1\n"
                . "cpython-3.11,countdown,own,core,2,break_even,$guest,,,,1\n");
            is(run($PLOT, $folder)->{exit}, 0, 'drawn');
            check_breakeven($folder);
            like(slurp("$folder/breakeven.svg"), qr/>\s*@{[$words =~ s{ \.s}{ \x{c2}\x{b5}s}gr]}\s*</, $words);
        }
    };

    subtest 'breakeven, few blocks: what the bars are' => sub {
        my %says = (11 => '95 % confidence intervals', 6 => '95 % confidence intervals', 5 => 'range of 5 blocks', 1 => 'none, of one block');
        for my $blocks (sort keys %says) {
            my $folder = copy_of('breakeven', temp_folder());
            spew("$folder/breakeven-summary.csv", slurp("$folder/breakeven-summary.csv") =~ s/^((?:[^,\n]*,){7})6,/$1$blocks,/gmr);
            is(run($PLOT, $folder)->{exit}, 0, "$blocks blocks");
            like(slurp("$folder/breakeven.svg"), qr/bars: \Q$says{$blocks}\E\s/, $says{$blocks});
            is(slurp("$folder/breakeven.svg") =~ /upright band/ ? 1 : 0, $blocks > 1 ? 1 : 0, 'and of one there is no band');
        }
    };

    subtest 'a sweep that is damaged' => sub {
        my $folder = copy_of('breakeven', temp_folder());
        my $text = slurp("$folder/breakeven-summary.csv");
        my $row = (split /^/, $text)[1];
        my %wrong = (
            'nothing' => '', 'a header alone' => $header_of_sweep, 'cut off' => substr($text, 0, length($text) - 30),
            'the header of bench' => slurp("$ROOT/tests/data/two-cores/bench-summary.csv"),
            'no threads' => $header_of_sweep . ($row =~ s/,core,1,/,core,0,/r),
            'a word' => $header_of_sweep . ($row =~ s/,core,1,/,core,one,/r),
            'no length' => $header_of_sweep . ($row =~ s/^((?:[^,]*,){6})[^,]*/${1}0/r));
        for my $what (sort keys %wrong) {
            spew("$folder/breakeven-summary.csv", $wrong{$what});
            my $result = run($PLOT, $folder);
            is($result->{exit}, 1, $what);
            like($result->{err}, qr/\Aplot: \Q$folder\E\/breakeven-summary\.csv[^\n]*breakeven[^\n]*\n\z/, 'one line names the file');
            is_deeply([grep { /svg|png|part/ } names_in($folder)], [], 'no pictures');
        }
    };

    subtest 'the pictures of convoy' => sub {
        my $folder = copy_of('convoy', temp_folder());
        my $result = run($PLOT, $folder);
        is($result->{exit}, 0, 'drawn') or diag($result->{err});
        is($result->{err}, '', 'without a complaint');
        check_convoy($folder, 'convoy frontier', 'no hog', '1 hog', '2 hogs', 'gil: CPython 3.2', 'ticks', 'critical', 'none',
            'so many of all requests', 'took longer than');
        unlike(slurp("$folder/convoy.svg"), qr/left:/, 'nothing refers to a side of the picture');
        like(slurp("$folder/frontier.svg"), qr/>\s*\Q$_\E/, $_) for '2 hogs, p99', '1 hog, median', '5 ms';
        unlike(slurp("$folder/frontier.svg"), qr/>[^<]*\b(?:buys|costs)\b/, 'what the data may not show is not said');
        like(slurp("$folder/convoy.svg"), qr/gil: switch interval 5 ms, of 2 measured: see frontier/, 'and the other says which of the intervals it shows');
        unlike(slurp("$folder/convoy.svg"), qr/never answered|arrow/, 'all were answered, and no bar goes down to 0');
        my @spots = grep { $_->[0] =~ /\A(?:5 ms|100 \S+s)\z/ && $_->[1] > 760 && $_->[2] < 575 } texts(slurp("$folder/frontier.svg"));
        is(scalar(@spots), 4, 'four points');
        for my $a (0 .. $#spots) {
            ok(!grep({ abs($spots[$a][1] - $spots[$_][1]) < 40 && abs($spots[$a][2] - $spots[$_][2]) < 14 } 0 .. $a - 1), "$spots[$a][0] lies on no other");
        }
        for my $interval ('100 µs', '5 ms') {
            is(scalar(() = slurp("$folder/frontier.svg") =~ />\s*\Q$interval\E\s*</g), 4, "$interval: at both axes, and at both points");
        }
        my $before = slurp("$folder/frontier.svg");
        spew("$folder/convoy-summary.csv", slurp("$folder/convoy-summary.csv") =~ s/,0\.0039895035,/,0.005,/r);
        run($PLOT, $folder);
        isnt(slurp("$folder/frontier.svg"), $before, 'a median has its bar');

        # One switch interval is no sweep, and the frontier of the one before does not stay.
        for my $name (qw(convoy-summary.csv convoy-latency.csv)) {
            spew("$folder/$name", join '', grep { !/,0\.0001,/ } split /^/, slurp("$folder/$name"));
        }
        is(run($PLOT, $folder)->{exit}, 0, 'one switch interval');
        check_convoy($folder, 'convoy', '2 hogs');
        unlike(slurp("$folder/convoy.svg"), qr/see frontier/, 'and refers to none');

        # One lock, no hogs.
        for my $name (qw(convoy-summary.csv convoy-latency.csv)) {
            my ($head, @rows) = split /^/, slurp("$folder/$name");
            spew("$folder/$name", join '', $head, grep { /^model,none,none,0,/ } @rows);
        }
        is(run($PLOT, $folder)->{exit}, 0, 'one lock without hogs');
        check_convoy($folder, 'convoy', 'no hog', 'none: no lock');
    };

    subtest 'convoy: as many answers under each lock, as with --rate' => sub {
        my $folder = copy_of('convoy', temp_folder());
        my ($head, @rows) = split /^/, slurp("$folder/convoy-summary.csv");
        my $number = 190;
        for my $row (@rows) {
            my @fields = split /,/, $row, -1;
            @fields[5, 8 .. 10] = (200, $number++, 185, 215) if $fields[7] ne '';
            $row = join ',', @fields;
        }
        spew("$folder/convoy-summary.csv", join '', $head, @rows);
        is(run($PLOT, $folder)->{exit}, 0, 'drawn');
        check_convoy($folder, 'convoy frontier');
        my $svg = slurp("$folder/convoy.svg");
        like($svg, qr/>\s*$_\s*</, "a tick at $_") for 100, 200, 500;
        like($svg, qr/200 requests a second are due/, 'and what was due');
    };

    subtest 'convoy: what has no place on a logarithmic axis' => sub {
        my $folder = copy_of('convoy', temp_folder());
        my $change = sub {
            my ($lock, $columns, @values) = @_;
            my ($head, @rows) = split /^/, slurp("$folder/convoy-summary.csv");
            for my $row (@rows) {
                my @fields = split /,/, $row, -1;
                @fields[@$columns] = @values if $fields[1] eq $lock && $fields[3] == 2;
                $row = join ',', @fields;
            }
            spew("$folder/convoy-summary.csv", join '', $head, @rows);
            return run($PLOT, $folder)->{exit};
        };
        run($PLOT, $folder);
        my $before = slurp("$folder/convoy.svg");
        is($change->('critical', [9], 0), 0, 'a bar down to 0');
        check_convoy($folder, 'convoy frontier', 'bars: range of 2 blocks; arrow: down to 0');
        isnt(slurp("$folder/convoy.svg"), $before, 'is another picture');
        is($change->('critical', [8, 9], 0, 0), 0, 'a median of 0');
        check_convoy($folder, 'convoy frontier', 'bars: range of 2 blocks; arrow: down to 0', 'critical');
        is($change->('critical', [8 .. 10], 0, 0, 0), 0, 'and all of the bar');
        check_convoy($folder, 'convoy frontier', 'critical');
        is($change->('gil', [29, 30], 0, 0), 0, 'hogs that did nothing');
        check_convoy($folder, 'convoy frontier');
        # of all in the latencies three were never answered
        is($change->('ticks', [7], 4208), 0, 'requests never answered');
        check_convoy($folder, 'convoy frontier', 'some requests were never answered: the longest took longer than that');
    };

    subtest 'convoy: interpreters are dashed, beside the lock of their model' => sub {
        my $folder = copy_of('convoy', temp_folder());
        my $dashes = sub { scalar(() = slurp("$folder/$_[0].svg") =~ /stroke-dasharray/g) };
        run($PLOT, $folder);
        my %plain = map { $_ => $dashes->($_) } qw(convoy frontier);
        for my $name (qw(convoy-summary.csv convoy-latency.csv)) {
            my ($head, @rows) = split /^/, slurp("$folder/$name");
            my @theirs = map { s/^model,gil/cpython-3.11,own/r } grep { /^model,gil/ } @rows;
            push @theirs, map { s/^model,ticks/cpython-2.7,own/r } grep { /^model,ticks/ } @rows;
            spew("$folder/$name", join '', $head, @rows, @theirs);
        }
        is(run($PLOT, $folder)->{exit}, 0, 'drawn');
        check_convoy($folder, 'convoy frontier', 'cpython-2.7', 'cpython-3.11', 'gil: CPython 3.2');
        is(scalar(() = slurp("$folder/convoy.svg") =~ />(?:gil|ticks|critical|none): /g), 4, 'in the panels that are there');
        cmp_ok($dashes->($_), '>=', $plain{$_} + 5, "dashes in $_") for qw(convoy frontier);

        # Without its model it has a panel of its own.
        spew("$folder/$_", join '', grep { !/^model,ticks/ } split /^/, slurp("$folder/$_")) for qw(convoy-summary.csv convoy-latency.csv);
        is(run($PLOT, $folder)->{exit}, 0, 'drawn without ticks');
        check_convoy($folder, 'convoy frontier', 'ticks: CPython up to 3.1', 'cpython-2.7');
    };

    # Stored rows of 1 hog again, of other numbers of hogs under other switch intervals.
    my $with_hogs = sub {
        my ($folder, $intervals, @hogs) = @_;
        for my $name (qw(convoy-summary.csv convoy-latency.csv)) {
            my ($head, @rows) = split /^/, slurp("$folder/$name");
            my @new = grep { /\A\w+,\w+,\w+,0,/ } @rows;
            for my $row (grep { /\A\w+,(?:critical|gil),\w+,1,(?:0\.005)?,/ } @rows) {
                for my $hogs (@hogs) {
                    my @fields = split /,/, $row, -1;
                    $fields[3] = $hogs;
                    if ($name =~ /summary/ && $fields[11] ne '') {
                        $fields[$_] *= 1 + $hogs for 11 .. 19;
                    }
                    for my $interval ($fields[4] eq '' ? '' : @$intervals) {
                        $fields[4] = $interval;
                        push @new, join ',', @fields;
                    }
                }
            }
            spew("$folder/$name", join '', $head, @new);
        }
        return;
    };

    subtest 'convoy: many numbers of hogs' => sub {
        my $folder = copy_of('convoy', temp_folder());
        $with_hogs->($folder, [1e-4, 1e-3, 5e-3, 2e-2], 1, 4, 16, 64);
        is(run($PLOT, $folder)->{exit}, 0, 'drawn');
        check_convoy($folder, 'convoy frontier', 'no hog', '1 hog', '4 hogs', '16 hogs', '64 hogs');
        my $svg = slurp("$folder/convoy.svg");
        my @ticks = grep { $_->[1] > 860 && $_->[2] > 580 && $_->[0] =~ /\A\d+\z/ } texts($svg);
        is(join(' ', map { $_->[0] } sort { $a->[1] <=> $b->[1] } @ticks), '0 16 64', 'at the axis those that have room');
        # the curves of one lock, each with its colour: no two are near
        my @rgb;
        while ($svg =~ /<g transform[^>]*fill="rgb\((\d+),\s*(\d+),\s*(\d+)\)"[^>]*>\s*<text>(?:no|\d+) hogs?</g) {
            push @rgb, [$1, $2, $3];
        }
        @rgb = @rgb[0 .. 4];
        my @near = grep { my $k = $_; abs($rgb[$k][0] - $rgb[$k - 1][0]) + abs($rgb[$k][1] - $rgb[$k - 1][1]) + abs($rgb[$k][2] - $rgb[$k - 1][2]) < 25 } 1 .. 4;
        is_deeply(\@near, [], 'each number of hogs has a shade of its own') or diag(explain(\@rgb));

        my $frontier = slurp("$folder/frontier.svg");
        my @spots = grep { $_->[0] =~ /\A\d+ (?:ms|\S+s)\z/ && $_->[1] > 775 && $_->[2] < 575 } texts($frontier);
        cmp_ok(scalar(@spots), '>', 2, 'points have their intervals');
        unlike($frontier, qr/bold"[^>]*>\s*<text>\d+ \S*s</, 'which are not bold');
        unlike($frontier, qr/faint bars/, 'and nothing is vague');
    };

    subtest 'frontier: blocks too far apart for one number' => sub {
        my $folder = copy_of('convoy', temp_folder());
        $with_hogs->($folder, [1e-4, 1e-3, 5e-3], 1, 2);
        my ($head, @rows) = split /^/, slurp("$folder/convoy-summary.csv");
        # [blocks, how many times the lowest the highest of p99 is]
        my $p99_of = sub {
            my ($blocks, $times) = @_;
            spew("$folder/convoy-summary.csv", join '', $head, map {
                my @fields = split /,/, $_, -1;
                $fields[6] = $blocks;
                @fields[18, 19] = ($fields[17] / 1.5, $fields[17] / 1.5 * $times) if $fields[4] eq '0.001';
                @fields[18, 19] = map { $fields[17] * $_ } 0.9, 1.1 if $fields[4] ne '0.001' && $fields[17] ne '';
                @fields[12, 13] = map { $fields[11] * $_ } 0.9, 1.1 if $fields[11] ne '';
                join ',', @fields;
            } @rows);
            is(run($PLOT, $folder)->{exit}, 0, "drawn, $blocks blocks, $times times");
            check_convoy($folder, 'convoy frontier');
            my $svg = slurp("$folder/frontier.svg");
            is($svg =~ /faint bars alone/ ? 1 : 0, $blocks >= 6 && $times > 3 ? 1 : 0, 'it says so where it is so');
            # points: filled ones, of p99, of what the hogs do, and of the trade
            return scalar(() = $svg =~ /#gpPt6'/g);
        };
        my $all = $p99_of->(6, 2.9);
        is($p99_of->(5, 3.1), $all, 'of few blocks the range is drawn as it is');
        is($all - $p99_of->(6, 3.1), 4, 'two points less in each of two panels');
    };

    subtest 'a convoy that is damaged' => sub {
        for my $name (qw(convoy-summary.csv convoy-latency.csv)) {
            my $whole = slurp("$ROOT/tests/data/convoy/$name");
            my ($head, $row) = split /^/, $whole;
            my %wrong = (
                'nothing' => '', 'a header alone' => $head, 'cut off' => substr($whole, 0, length($whole) - 20) =~ s/[^\n,]*\z//r,
                'another header' => slurp("$ROOT/tests/data/two-cores/bench-summary.csv"),
                'a word' => $whole =~ s/\d+\n\z/many\n/r);
            for my $what (sort keys %wrong) {
                my $folder = copy_of('convoy', temp_folder());
                spew("$folder/$name", $wrong{$what});
                my $result = run($PLOT, $folder);
                is($result->{exit}, 1, "$name: $what");
                like($result->{err}, qr/\Aplot: [^\n]*convoy-[^\n]*run gilscope convoy again[^\n]*\n\z/, 'one line') or diag($result->{err});
                without_pictures($folder, 'no pictures');
            }
        }
        my $folder = copy_of('convoy', temp_folder());
        unlink "$folder/convoy-latency.csv";
        like(run($PLOT, $folder)->{err}, qr/\Aplot: [^\n]*convoy-latency\.csv[^\n]*\n\z/, 'latencies that are not there');
    };

    subtest 'bench and breakeven in one folder: all pictures' => sub {
        my $folder = copy_of('two-cores', temp_folder());
        spew("$folder/$_", slurp("$ROOT/tests/data/breakeven/$_")) for qw(breakeven-summary.csv breakeven-answers.csv);
        is(run($PLOT, $folder)->{exit}, 0, 'drawn');
        is(join(' ', grep { /svg|png|part/ } names_in($folder)), join(' ', sort @pictures, qw(breakeven.png breakeven.svg)), 'all');
        check_pictures($folder);
        check_breakeven($folder);
    };

    # Threads that take turns of a lock, `turn` seconds each, and wait meanwhile: what trace writes.
    sub make_trace {
        my ($folder, $threads, $turns, $turn, %of) = @_;
        my $csv = "time_s,thread,event,detail\n";
        my $add = sub { $csv .= sprintf("%.9f,%d,%s,0\n", @_) };
        $add->(1e-9 * $_, $_, 'begins') for 0 .. $threads - 1;
        $add->(1e-8 + 1e-9 * $_, $_, 'wants') for 0 .. $threads - 1;
        my $now = 1e-6 + ($of{from} // 0);
        for my $i (0 .. $turns - 1) {
            my $t = $i % $threads;
            $add->($now, $t, 'got');
            for my $chunk (1 .. $of{chunks} // 0) {    # given up, and taken back
                my $at = $now + $turn * $chunk / ($of{chunks} + 1);
                $add->($at, $t, $_) for qw(gave_up wants got);
            }
            $now += $turn;
            $add->($now - 3e-7, ($i + 1) % $threads, 'asks');
            $add->($now - 1e-7, $t, 'sees');
            $add->($now, $t, 'gave_up');
            $now += 1e-6;
            $add->($now - 5e-7, $t, 'wants');
        }
        $add->($now, $_, 'ends') for 0 .. $threads - 1;
        spew("$folder/trace.csv", $csv);
        my $span = $now - ($of{from} // 0);
        my @rows = map { join ',', $of{variant} // 'gil', qw(countdown core gil 0), $threads, $_, $span, $span / $threads,
            $span * (1 - 1 / $threads), 0, 0, $span, $turns, 0.001, 0.002, 0.003, 0.003, 0, $turns / $threads, 0, 0, 100, 0, '', $now, $turns / $now, 1 }
            0 .. $threads - 1;
        spew("$folder/trace-threads.csv", join "\n", 'variant,kernel,pin,lock,call,threads,thread,span_s,running_s,waiting_s,native_s,other_s,cpu_s,'
            . 'waits,wait_median_s,wait_p99_s,wait_longest_s,starved_s,starved_from_s,handoffs,in_vain,woken_in_vain,events,lost,lost_from_s,run_s,'
            . 'handoffs_per_s,jain', @rows, '');
        return $folder;
    }

    for my $case ([2, 40, 1e-3], [2, 4000, 10e-6, chunks => 20], [16, 3000, 20e-6], [64, 5000, 3e-6], [500, 3000, 3e-6]) {
        my ($threads, $turns, $turn, %of) = @$case;
        subtest "a trace of $threads threads, turns of @{[$turn * 1e6]} us" => sub {
            my $here = temp_folder();
            my $folder = make_trace($here, @$case);
            my $result = run($PLOT, $folder);
            is($result->{exit}, 0, 'drawn') or diag($result->{err});
            is($result->{err}, '', 'without a complaint');
            is(join(' ', grep { /svg|png|part/ } names_in($folder)), 'trace.png trace.svg', 'it alone');
            my $svg = slurp("$folder/trace.svg");
            is(why_not_xml($svg), '', 'XML');
            is(colliding($svg), '', 'no words on others');
            cmp_ok(length $svg, '<', 500_000, 'small, however many events');
            ok($svg !~ /\b(?:nan|inf)\b/i, 'and no figure that is none');
            is(substr(slurp("$folder/trace.png"), -8, 4), 'IEND', 'the PNG is whole');
            my @texts = map { $_->[0] } texts($svg);
            ok(scalar(grep { /: gil, $threads threads\z/ } @texts), 'says what it is');
            ok(scalar(grep { /\AOne hand-off, closely: / } @texts), 'with a close-up');
            ok(scalar(grep { /\Athread \d+ gives up\z/ } @texts), 'of who gives up');
            ok(scalar(grep { /thread \d+ got it/ } @texts), 'and who got it');
            ok(scalar(grep { /\Athread \d+ sees it\z/ } @texts), 'and saw the request');
            ok(scalar(grep { /given up, and taken back.*\((?:once|\d+ times) here\)/ } @texts), 'and of what was in vain') if $of{chunks};
            ok(scalar(grep { $_ eq 'where too short to draw: height = share of the time' } @texts), 'and what a height is');
        };
    }

    subtest 'a trace that ends before anybody waits' => sub {
        my $here = temp_folder();
        my %says = (
            critical => ['Who had the lock, when: critical, 2 threads', 'no wait seen in the first 26.1 '],
            none => ['Who worked, when: nogil, 2 threads', 'nobody waits for a lock'],
        );
        for my $lock (sort keys %says) {
            my $variant = $lock eq 'none' ? 'nogil' : $lock;
            spew("$here/trace.csv", join "\n", 'time_s,thread,event,detail', '0,0,begins,0', '1e-7,1,begins,0', '2.6e-5,0,ends,0', '2.61e-5,1,ends,0', '');
            spew("$here/trace-threads.csv", join "\n", 'variant,kernel,pin,lock,thread,span_s,running_s,waiting_s,native_s,wait_longest_s,starved_s,'
                . 'woken_in_vain,run_s,handoffs_per_s,jain,handoffs,in_vain,lost', map({ "$variant,countdown,core,$lock,$_,2.61e-5,2e-5,0,0,,0,0,2.61e-5,0,,0,0,900" } 0, 1), '');
            is(run($PLOT, "$here")->{exit}, 0, "$lock: drawn");
            my $svg = slurp("$here/trace.svg");
            like($svg, qr/>\s*[^<]*\Q$_\E/, $_) for @{$says{$lock}};
            unlike($svg, qr/cores/, 'of no machine');
        }
        spew("$here/machine.csv", slurp("$ROOT/tests/data/two-cores/machine.csv"));
        is(run($PLOT, "$here")->{exit}, 0, 'beside the machine.csv of a bench');
        unlike(slurp("$here/trace.svg"), qr/cores|20\d\d-\d\d-\d\d/, 'which may be of another machine');
        machine_of("$here", 'trace', 'A Traced One');
        is(run($PLOT, "$here")->{exit}, 0, 'beside its own');
        like(slurp("$here/trace.svg"), qr/A Traced One · 3 cores · 2031-05-06/, 'with its machine, and the day');
    };

    # After more than a second the six digits that awk has for a number beside another are not enough.
    subtest 'a trace of later than a second keeps its nanoseconds' => sub {
        my $here = temp_folder();
        make_trace("$here", 2, 400, 2e-6, from => 1.2345678, chunks => 3);
        my $result = run({cd => "$here"}, 'awk', '-v', 'name=late', words("-f $ROOT/plot/csv.awk -f $ROOT/plot/trace.awk"),
            words('trace-threads.csv trace.csv pass=2 trace.csv'));
        is($result->{exit}, 0, 'read') or diag($result->{err});
        my %set = slurp("$here/late-cases.gp") =~ /^(\S+) = (\S+)$/mg;
        cmp_ok($set{ARROWS}, '>', 3, 'several hand-offs are seen closely');
        my $ns = sub { sprintf '%.0f', 1e9 * $_[0] };
        is($ns->($set{"ARROW_TO_X[$_]"} - $set{"ARROW_X[$_]"}), 1000, "hand-off $_ takes what it took") for 1 .. $set{ARROWS};
        ok(scalar(grep { $ns->($set{"ARROW_X[$_]"}) == $ns->($set{NEAR_UP}) } 1 .. $set{ARROWS}), 'one begins where its words point to');
        my @vain = map { $ns->($set{"VAIN[$_]"}) } 1 .. $set{VAINS};
        cmp_ok(scalar(@vain), '>', 3, 'there are marks, too');
        is_deeply([grep { ($vain[$_] - $vain[$_ - 1]) % 500 } 1 .. $#vain], [], 'at the ends of chunks, each of 500 ns') or diag("@vain");
    };

    subtest 'four traces: the gallery' => sub {
        my $here = temp_folder();
        for my $variant (qw(ticks gil nogil release)) {
            mkdir "$here/$variant";
            make_trace("$here/$variant", 2, 40, 1e-3, variant => $variant);
        }
        my $result = run($PLOT, $here);
        is($result->{exit}, 0, 'drawn') or diag($result->{err});
        is(join(' ', grep { /svg|png|part/ } names_in($here)), 'gallery.png gallery.svg', 'one picture');
        my $svg = slurp("$here/gallery.svg");
        is(why_not_xml($svg), '', 'XML');
        is(colliding($svg), '', 'no words on others');
        my @names = grep { $_->[0] =~ /\A(?:ticks|gil|nogil|release)\z/ } texts($svg);
        is(scalar(@names), 4, 'four panels');
        is(scalar(uniq(map { $_->[2] } @names)), 1, 'side by side');
        machine_of("$here/ticks", 'trace', 'A Traced One');
        machine_of($here, 'trace', 'Another One');
        is(run($PLOT, $here)->{exit}, 0, 'drawn, with a machine');
        like(slurp("$here/gallery.svg"), qr/A Traced One · 3 cores · 2031-05-06/, 'it is that of the traces');
        unlike($svg, qr/>[^<]*(?:in a convoy|every 5 ms|before the other is up)/, 'what the traces may not show is not said');
    };

    subtest 'a trace that is damaged' => sub {
        my $here = temp_folder();
        my $folder = make_trace($here, 2, 10, 1e-3);
        my %text = map { $_ => slurp("$folder/$_") } qw(trace.csv trace-threads.csv);
        my %wrong = (
            'no header' => ['trace.csv', $text{'trace.csv'} =~ s/\A.*\n//r],
            'cut off in a row' => ['trace.csv', substr($text{'trace.csv'}, 0, length($text{'trace.csv'}) - 9)],
            'a thread that is not there' => ['trace.csv', $text{'trace.csv'} . "1,7,got,0\n"],
            'nothing' => ['trace-threads.csv', ''],
            'another table' => ['trace-threads.csv', "a,b\n1,2\n"],
            'a row too short' => ['trace-threads.csv', $text{'trace-threads.csv'} =~ s/,1\n\z/\n/r],
        );
        for my $what (sort keys %wrong) {
            spew("$folder/$_", $text{$_}) for keys %text;
            spew("$folder/$wrong{$what}[0]", $wrong{$what}[1]);
            my $result = run($PLOT, $folder);
            is($result->{exit}, 1, "$what: exit code 1");
            like($result->{err}, qr/\Aplot: \Q$folder\E\/trace-threads\.csv[^\n]*run gilscope trace again\n\z/, 'one line names the folder');
        }
        is(join(' ', grep { /svg|png|part/ } names_in($folder)), '', 'and nothing is drawn');
    };

    subtest 'the machine is in the picture' => sub {
        my $folder = copy_of('two-cores', temp_folder());
        run($PLOT, $folder);
        my %fact = csv_table(slurp("$folder/machine.csv"));
        my ($word) = $fact{cpu} =~ /(\w+)/;
        like(slurp("$folder/speedup.svg"), qr/\Q$word\E/, $fact{cpu});
        unlink "$folder/machine.csv";
        is(run($PLOT, $folder)->{exit}, 0, 'without machine.csv it is drawn all the same');
        check_pictures($folder);
    };

    subtest 'folders with strange names' => sub {
        for my $name (q(it's a b), 'a$HOME;"b"*', '-x', 'a=b') {
            my $here = temp_folder();
            my $folder = copy_of('one-core', $here, $name);
            my $result = run({cd => $here}, $PLOT, $name);
            is($result->{exit}, 0, $name) or diag($result->{err});
            is(scalar(grep { -s "$folder/$_" } @pictures), 4, 'four pictures');
        }
        my $here = temp_folder();
        my $folder = copy_of('one-core', $here, 'a folder');
        is(run('make', '-s', 'plot', "RESULTS=$folder")->{exit}, 0, 'make plot, with a blank');
        ok(-s "$folder/speedup.svg", 'is drawn');
    };

    my $five = "$ROOT/tests/data/five-interpreters/fidelity.csv";

    subtest 'five interpreters: the labels of their curves' => sub {
        my $folder = with_fidelity($five, copy_of('five-interpreters', temp_folder()));
        my $result = run($PLOT, $folder);
        is($result->{exit}, 0, 'drawn') or diag($result->{err});
        is($result->{err}, '', 'without a complaint');
        my $svg = slurp("$folder/speedup.svg");
        is(why_not_xml($svg), '', 'XML');
        my ($heading) = grep { $_->[0] =~ /\Aat 2 threads\z/ } texts($svg);
        my @names = grep { $_->[0] =~ /\A(?:cpython|pypy)-\S.*\/(?:threads|pool|nogil)\z/ } texts($svg);
        my @all = grep { $_->[1] == $names[0][1] } texts($svg);
        cmp_ok(least_distance(@all), '>=', 15, 'no two lie on each other');

        # which of the interpreters each label is for, and where their curves end
        my %end;
        $_->{threads} == 4 && ($end{$_->{variant}}{$_->{pin}} = $_->{speedup}) for csv_rows(slurp("$folder/bench-summary.csv"));
        my @versions = qw(cpython-2.7 cpython-3.8 cpython-3.11 cpython-3.13 pypy-3.9);
        my (%times, @ends);
        for my $label (@all) {
            my ($who, $mode) = split /\//, $label->[0];
            my @members = ($label->[0]);
            if (defined $mode) {
                my ($family, @of) = ('');
                for my $part ($who eq '5 interpreters' ? "$versions[0] … 3.13, pypy-3.9" =~ /[^,]+(?=, )|\S+\z/g : split /, /, $who) {
                    my ($from, $to) = split / … | \xe2\x80\xa6 /, $part;
                    $family = $1 if $from =~ s/\A([a-z]+)-//;
                    my ($at, $until) = map { my $name = "$family-$_"; grep { $versions[$_] eq $name } 0 .. $#versions } $from, $to // $from;
                    push @of, @versions[$at .. $until];
                }
                @members = map { "$_/$mode" } @of;
                $times{$_}++ for @members;
            }
            next if $label->[0] eq 'serial';
            my $sum = 0;
            # of an interpreter the unpinned runs
            $sum += (m{/} ? $end{$_}{none} : undef) // $end{$_}{core} // $end{$_}{none} for @members;
            push @ends, $sum / @members;
        }
        my @guests = grep { /\/(?!serial)/ } uniq(column('variant', csv_rows(slurp("$folder/bench-summary.csv"))));
        is_deeply(\%times, {map { $_ => 1 } @guests}, 'each mode of each has a label, its own or one that it shares');
        is(scalar(grep { $_->[0] =~ / (?:…|\xe2\x80\xa6) 3\.13\/threads/ } @names), 1, 'curves that coincide share one');
        is_deeply(\@ends, [sort { $b <=> $a } @ends], 'in the order in which the curves end');
        my %dashes = map { $_ => 1 } $svg =~ /stroke-dasharray=.([\d., ]+)/g;
        cmp_ok(scalar(keys %dashes), '>=', 8, 'each has dashes of its own (two are of ours unpinned, one of the key)');
        unlike(slurp("$folder/fidelity.svg"), qr/all that both allow/, 'what a bar of a ratio is');
        like(slurp("$folder/fidelity.svg"), qr/filled: pinned \(core\), open: not pinned/, 'and which pairs ran pinned');
        # figures at the PUs, and at the ends of the curves in their order
        my @at_end = map { $_->[0] } grep { $_->[1] > 1170 && $_->[0] =~ /\A[\d.]+\D+\z/ && $_->[0] !~ /threads/ } texts($svg);
        is_deeply([map { $_ + 0 } map { /\A([\d.]+)/ } @at_end], [sort { $b <=> $a } map { $_ + 0 } map { /\A([\d.]+)/ } @at_end], 'in the order of the labels');
        cmp_ok(scalar(@at_end), '>=', 6, 'for each');
        ok(!grep({ $_->[0] =~ /\/serial/ } texts($svg)), 'and none has a line for its serial run');
    };

    subtest 'the curve of an interpreter is of one pin policy' => sub {
        for my $stored (qw(results/example tests/data/five-interpreters)) {
            my $here = temp_folder();
            spew("$here/bench-summary.csv", slurp("$ROOT/$stored/bench-summary.csv"));
            my $result = run({cd => "$here"}, 'awk', map({ ('-f', "$ROOT/plot/$_.awk") } qw(csv interpreters cases)), 'bench-summary.csv');
            is($result->{exit}, 0, "$stored: read") or diag($result->{err});
            my (%wanted, %drawn);
            for my $row (grep { $_->{variant} =~ m{/(?!serial)} } csv_rows(slurp("$here/bench-summary.csv"))) {
                $wanted{"$row->{variant} $row->{pin}"}{$row->{threads}} = $row->{speedup} + 0;
            }
            # one pinned run beside others is none
            delete @wanted{grep { / core\z/ && keys %{$wanted{$_}} < 2 && $wanted{s/core\z/none/r} } keys %wanted};
            my $cases = slurp("$here/cases.gp");
            my @blocks = split /\n\n\n/, slurp("$here/points.dat");
            while ($cases =~ /^NAME\[(\d+)\] = '(.*\/.*)'\nPIN\[\d+\] = '(.*)'$/mg) {
                my ($c, $curve) = ($1, "$2 $3");
                /\A(\d+) (\S+) .* 1\z/ and $drawn{$curve}{$1} = $2 + 0 for split /\n/, $blocks[$c - 1];
            }
            is_deeply(\%drawn, \%wanted, 'all of a policy, and of no other');
            is(run($PLOT, "$here")->{exit}, 0, 'drawn');
            next if $stored !~ /example/;
            is(scalar(grep { $_->[0] eq 'cpython-3.11/nogil' } texts(slurp("$here/speedup.svg"))), 1, 'two curves of one mode have one label');
        }
    };

    subtest 'a bar that is far longer than all else does not set the axis' => sub {
        my $folder = copy_of('two-cores', temp_folder());
        my ($head, @rows) = split /^/, slurp("$folder/bench-summary.csv");
        my $longest = 0;
        for my $row (@rows) {
            my @fields = split /,/, $row, -1;
            $longest = $fields[7] if $fields[7] ne '' && $fields[7] > $longest;
            $fields[9] = 31 if $fields[0] eq 'gil' && $fields[3] == 2;
            $row = join ',', @fields;
        }
        spew("$folder/bench-summary.csv", join '', $head, @rows);
        is(run($PLOT, $folder)->{exit}, 0, 'drawn');
        my %tick = (speedup => qr/\A([\d.]+)\z/, efficiency => qr/\A([\d.]+) %\z/);
        my %end = (speedup => 1.4 * ($longest > 2 ? $longest : 2), efficiency => 140);
        for my $name (sort keys %tick) {
            my @ticks = sort { $a <=> $b } map { $_->[1] < 84 && $_->[0] =~ $tick{$name} ? $1 : () } texts(slurp("$folder/$name.svg"));
            cmp_ok($ticks[-1], '<', $end{$name}, "$name ends soon after the medians: @ticks");
            cmp_ok(scalar(@ticks), '>', 3, 'and has ticks');
        }
        check_pictures($folder);
    };

    subtest 'the pairs, a row each' => sub {
        for my $case (['five-interpreters', $five], ['two-cores', "$ROOT/results/example/fidelity.csv"]) {
            my ($stored, $fidelity) = @$case;
            my $folder = with_fidelity($fidelity, copy_of($stored, temp_folder()));
            is(run($PLOT, $folder)->{exit}, 0, "$stored: drawn");
            my $svg = slurp("$folder/fidelity.svg");
            is(why_not_xml($svg), '', 'XML');
            ok($svg !~ /\b(?:nan|inf)\b/i, 'and no figure that is none');
            my @rows = grep { $_->{mode} ne 'nogil' || $_->{threads} > 1 } csv_rows(slurp($fidelity));
            my @texts = texts($svg);
            is(colliding($svg), '', 'no words on others');
            my ($heading) = grep { $_->[0] eq 'ratio' } @texts;
            my @ratios = grep { $_->[1] == $heading->[1] && $_->[0] =~ /\A\d+\.\d\d\z/ } @texts;
            is_deeply([map { $_->[0] } @ratios], [map { sprintf '%.2f', $_->{ratio} } sort_pairs(@rows)], 'in their order');
            cmp_ok(least_distance(@ratios), '>=', 8, 'none on another');
            for my $interpreter (uniq(column('interpreter', @rows))) {
                is(scalar(grep { $_->[0] eq $interpreter } @texts), 1, "$interpreter is named");
            }
            my @modes = grep { $_->[0] =~ /\A\w+ \((?:ticks|gil|pool|nogil)\)\z/ } @texts;
            is(scalar(@modes), scalar(uniq(map { "$_->{interpreter} $_->{mode}" } @rows)), 'and each of its modes');
            cmp_ok(least_distance(@modes), '>=', 14, 'apart');
            is(scalar(grep { $_->[0] =~ /95 % confidence/ } @texts), 1, 'and it says what the bars are');
        }
    };

    subtest 'few blocks: what the bars are' => sub {
        my %says = (
            '11' => qr/bars: 95 % confidence intervals\s*</,
            '6' => qr/bars: 95 % confidence intervals\s*</,
            '5' => qr/bars: range of 5 blocks/,
            '3 5' => qr/bars: range of 3 to 5 blocks/,
            '5 11' => qr/bars: 95 % confidence intervals \(of fewer than 6 blocks: the range\)/,
            '1' => qr/bars: none, of one block/,
        );
        for my $blocks (sort keys %says) {
            my $folder = with_fidelity($five, copy_of('five-interpreters', temp_folder()));
            my @reps = split ' ', $blocks;
            my $at = 0;
            my $csv = slurp("$folder/bench-summary.csv") =~ s/^([^,\n]*,[^,\n]*,[^,\n]*,\d+),\d+,/"$1," . $reps[$at++ % @reps] . ','/gmer;
            spew("$folder/bench-summary.csv", $csv);
            is(run($PLOT, $folder)->{exit}, 0, "$blocks blocks");
            for my $name (qw(speedup efficiency)) {
                like(slurp("$folder/$name.svg"), $says{$blocks}, "$name says so");
            }
            my ($words) = grep { /\Abars: / } map { $_->[0] } texts(slurp("$folder/fidelity.svg"));
            is($words =~ /95 %/ ? 1 : 0, $blocks =~ /11|6/ ? 1 : 0, "fidelity, too: $words");
        }
    };

    subtest 'a fidelity picture of an earlier run' => sub {
        my $folder = with_fidelity($five, copy_of('five-interpreters', temp_folder()));
        like(run($PLOT, $folder)->{out}, qr/fidelity\.svg/, 'is drawn');
        ok(-s "$folder/fidelity.$_", "is there: $_") for qw(svg png);
        unlink "$folder/fidelity.csv";
        my $path = path_without('gnuplot');
        fake_command($path, 'gnuplot', 'exit 1');
        is(run({env => {PATH => $path}}, $PLOT, $folder)->{exit}, 1, 'no gnuplot draws the next');
        ok(-s "$folder/fidelity.$_", "so it stays: $_") for qw(svg png);
        is(run($PLOT, $folder)->{exit}, 0, 'the next run had no interpreters');
        ok(!-e "$folder/fidelity.$_", "so it is gone: $_") for qw(svg png);
        like(slurp("$folder/speedup.svg"), qr/>nogil</, 'and the others are new');
    };

    my $good = slurp("$ROOT/tests/data/two-cores/bench-summary.csv");
    my ($header, @lines) = split /^/, $good;
    my %damaged = (
        'nothing' => '',
        'a header alone' => $header,
        'no header' => join('', @lines),
        'another header' => "a,b,c\n1,2,3\n",
        'the header of bench.csv' => "variant,kernel,pin,threads,rep,count\n",
        'cut off in a row' => substr($good, 0, length($good) - 30),
        'a row too short' => $header . "serial,countdown,core,1,11\n",
        'a row too long' => $header . ($lines[0] =~ s/\n/,1\n/r),
        'a word for a number' => $header . ($lines[0] =~ s/,1,11,/,one,11,/r),
        'no threads' => $header . ($lines[0] =~ s/,1,11,/,0,11,/r),
        'an open quote' => $header . '"serial' . substr($lines[0], 6),
        'decimal commas' => $header . ($lines[0] =~ s/\./,/gr),
        'binary' => "\0\1\2\xff" x 100,
    );
    for my $what (sort keys %damaged) {
        subtest "a CSV that is damaged: $what" => sub {
            my $folder = copy_of('two-cores', temp_folder());
            spew("$folder/bench-summary.csv", $damaged{$what});
            spew("$folder/$_", "earlier\n") for @pictures;
            my $result = run($PLOT, $folder);
            is($result->{exit}, 1, 'exit code 1');
            like($result->{err}, qr/\Aplot: \Q$folder\E\/bench-summary\.csv[^\n]*\n\z/, 'one line names the file');
            is(slurp("$folder/$_"), "earlier\n", "$_ is as it was") for @pictures;
            is_deeply([grep { /part/ } names_in($folder)], [], 'nothing half-written');
        };
    }

    subtest 'a damaged machine.csv does not keep the pictures away' => sub {
        my $folder = copy_of('two-cores', temp_folder());
        spew("$folder/machine.csv", "key,value\ncpu,\"it's \"\"quoted\"\" <&> \\ \$(x)\nusable_pus");
        is(run($PLOT, $folder)->{exit}, 0, 'drawn');
        check_pictures($folder);
    };

    subtest 'a gnuplot that fails: earlier pictures stay' => sub {
        my $path = path_without('gnuplot');
        fake_command($path, 'gnuplot', 'echo "out of ink" >&2; exit 1');
        my $folder = copy_of('two-cores', temp_folder());
        spew("$folder/$_", "earlier\n") for @pictures;
        my $result = run({env => {PATH => $path}}, $PLOT, $folder);
        is($result->{exit}, 1, 'exit code 1');
        like($result->{err}, qr/\Aplot: [^\n]*out of ink[^\n]*\n\z/, 'with its reason');
        is(slurp("$folder/$_"), "earlier\n", "$_ is as it was") for @pictures;
        is_deeply([grep { /part/ } names_in($folder)], [], 'nothing half-written');
    };

    subtest 'a folder that cannot be written to' => sub {
        my $folder = copy_of('two-cores', temp_folder());
        chmod 0555, $folder;
        my $user = $> == 0 ? 65534 : undef;    # root may write anywhere
        my $result = run({user => $user}, 'test', '-x', $PLOT);
        plan(skip_all => 'another user cannot run it') if $result->{exit} != 0;
        $result = run({user => $user}, $PLOT, $folder);
        is($result->{exit}, 1, 'exit code 1');
        like($result->{err}, qr/\Aplot: \Q$folder\E: not writable[^\n]*\n\z/, 'in one line');
        chmod 0755, $folder;
    };
}

# A folder may hold several runs, each with its machine and its date.
subtest 'the date of one run stands in no picture of another' => sub {
    my $folder = copy_of('two-cores', temp_folder());
    spew("$folder/$_", slurp("$ROOT/tests/data/convoy/$_")) for names_in("$ROOT/tests/data/convoy");
    is(run($PLOT, $folder)->{exit}, 0, 'both are drawn');
    my ($date) = slurp("$folder/machine.csv") =~ /^date,"?(\d{4}-\d\d-\d\d)/m;
    ok(defined $date && index(slurp("$folder/speedup.svg"), $date) >= 0, 'the date of bench in speedup');
    unlike(slurp("$folder/$_.svg"), qr/\Q$date\E|a decrement|2 cores/, "and not in $_, nor its machine") for qw(convoy frontier);
    machine_of($folder, 'convoy', 'A Convoy One');
    machine_of($folder, 'trace', 'A Traced One');
    is(run($PLOT, $folder)->{exit}, 0, 'drawn beside their own machine');
    like(slurp("$folder/$_.svg"), qr/A Convoy One · 3 cores · 2031-05-06 · threads /, "it is in $_") for qw(convoy frontier);
    unlike(slurp("$folder/speedup.svg"), qr/One · 3 cores|2031/, 'and not in speedup');
};

# What is wrong with one command's files, and which of its pictures there would be.
my %spoilt = (
    'of another command' => ['convoy-summary.csv', sub { slurp("$ROOT/tests/data/two-cores/bench-summary.csv") }, qw(convoy frontier)],
    'cut off' => ['convoy-latency.csv', sub { substr $_[0], 0, length($_[0]) - 3 }, qw(convoy frontier)],
    'damaged' => ['breakeven-summary.csv', sub { $_[0] =~ s/,\d+\n\z/,many\n/r }, 'breakeven'],
    'of another version' => ['bench-summary.csv', sub { $_[0] =~ s/\Avariant/kind/r }, qw(speedup efficiency)],
    'a trace without an end' => ['trace.csv', sub { 'time_s,thread,event,detail' }, 'trace'],
    'a trace of the gallery' => ['gil/trace.csv', sub { "time_s,thread,event,detail\n1,9,got,0\n" }, 'gallery'],
);
my @of_all = map { ("$_.png", "$_.svg") } qw(breakeven convoy efficiency frontier gallery speedup trace);
for my $what (have('gnuplot') ? sort keys %spoilt : ()) {
    subtest "one file is bad, the others are drawn: $what" => sub {
        my $folder = copy_of('two-cores', temp_folder());
        for my $stored (qw(breakeven convoy)) {
            spew("$folder/$_", slurp("$ROOT/tests/data/$stored/$_")) for grep { $_ ne 'machine.csv' } names_in("$ROOT/tests/data/$stored");
        }
        for my $trace ('', qw(ticks gil nogil release)) {
            mkdir "$folder/$trace";
            make_trace("$folder/$trace", 2, 10, 1e-4);
        }
        my ($file, $spoil, @missing) = @{$spoilt{$what}};
        spew("$folder/$_", "earlier\n") for @of_all;
        spew("$folder/$file", $spoil->(slurp("$folder/$file")));
        my $result = run($PLOT, $folder);
        is($result->{exit}, 1, 'exit code 1');
        my ($command) = $file =~ /(bench|breakeven|convoy|trace)/;
        like($result->{err}, qr/\Aplot: \Q$folder\E\/[^\n]*$command-[^\n]*; run gilscope $command again[^\n]*\n\z/, 'one line names it');
        my %stays = map { ("$_.png" => 1, "$_.svg" => 1) } @missing;
        is_deeply([grep { slurp("$folder/$_") eq "earlier\n" } @of_all], [grep { $stays{$_} } @of_all], 'its earlier pictures stay, the others are new');
        is(scalar(() = $result->{out} =~ /\.(?:png|svg)\b/g), @of_all - 2 * @missing, 'which it names');
        is_deeply([grep { /part/ } names_in($folder)], [], 'nothing half-written');
    };
}

subtest 'two files are bad: a line each' => sub {
    plan(skip_all => 'no gnuplot here') if !have('gnuplot');
    my $folder = copy_of('two-cores', temp_folder());
    spew("$folder/breakeven-summary.csv", "a,b\n");
    spew("$folder/convoy-$_.csv", "a,b\n1,") for qw(summary latency);
    my $result = run($PLOT, $folder);
    is($result->{exit}, 1, 'exit code 1');
    is(scalar(() = $result->{err} =~ /^plot: .*$_/mg), 1, $_) for qw(breakeven-summary.csv convoy-summary.csv: convoy-latency.csv);
    check_pictures($folder);
};

done_testing();
