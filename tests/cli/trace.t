#!/usr/bin/env perl
# gilscope trace: its files agree with each other and with what a lock is; full buffers, many threads,
# Ctrl-C, bad options.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Gilscope;
use JSON::PP;
use List::Util qw(first max sum uniq);
use Test::More;

my @files = qw(trace-machine.csv trace-threads.csv trace.csv trace.json);
my @kinds = qw(begins ends wants got gave_up asks sees switched native_begins native_ends task_begins task_ends);

# A short trace in a folder of its own: the folder and what it said.
sub trace { return trace_as(words('trace -T 4ms'), @_) }

sub trace_as {
    my @words = @_;
    my $folder = temp_folder();
    my $result = gilscope(@words, '-o', $folder);
    is($result->{exit}, 0, "@words") or diag($result->{err});
    return ($folder, $result);
}

sub events { return csv_rows(slurp("$_[0]/trace.csv")) }

sub table { return csv_rows(slurp("$_[0]/trace-threads.csv")) }

sub counted {
    my ($kind, @events) = @_;
    return scalar grep { $_->{event} eq $kind } @events;
}

# One thread has the lock at a time, and gives up what it has.
sub one_holder_at_a_time {
    my @events = grep { $_->{event} eq 'got' || $_->{event} eq 'gave_up' } @_;
    my ($holder, @wrong);

    for my $event (@events) {
        if ($event->{event} eq 'got') {
            push @wrong, "got by $event->{thread}, had by $holder, at $event->{time_s}" if defined $holder;
            $holder = $event->{thread};
        } else {
            push @wrong, "given up by $event->{thread} at $event->{time_s}" if !defined $holder || $holder ne $event->{thread};
            undef $holder;
        }
    }
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    cmp_ok(scalar(@events), '>', 0, 'the lock was taken');
    is(join('; ', @wrong[0 .. ($#wrong > 2 ? 2 : $#wrong)]), '', 'by one thread at a time');
    switches_are_seen(@_);
    return;
}

# Who is made to wait for the switch has seen the request, while it had the lock that it then gave up.
# Who is switched away has seen the request, and has another thread have the lock before it goes on.
sub switches_are_seen {
    my (%saw, @wrong, %gave);

    for my $event (@_) {
        my $thread = $event->{thread};
        push @wrong, "$thread at $event->{time_s}: nobody else had it" if $event->{event} eq 'switched' && !$gave{$thread};
        $gave{$thread} = 0 if $event->{event} eq 'gave_up';
        if ($event->{event} eq 'got') { $gave{$_} = 1 for grep { $_ ne $thread } keys %gave }
        $saw{$thread} = '' if $event->{event} =~ /^(?:got|wants|begins)$/;
        $saw{$thread} .= " $event->{event}" if $event->{event} =~ /^(?:sees|gave_up|switched)$/;
        push @wrong, "$thread at $event->{time_s}:$saw{$thread}" if $event->{event} eq 'switched' && $saw{$thread} ne ' sees gave_up switched';
    }
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(join('; ', @wrong[0 .. ($#wrong > 2 ? 2 : $#wrong)]), '', 'who is switched away has seen the request');
    return;
}

# What the Trace Event format asks of each kind of event (Duca and Sinclair, 2016). A number is one for
# whoever reads it: JSON::PP writes again what it read as one without quotes.
my $numbers = JSON::PP->new->allow_nonref;

sub is_number { return defined $_[0] && $numbers->encode($_[0]) =~ /\A-?\d[\d.]*(?:[eE][-+]?\d+)?\z/ }
sub is_text { return defined $_[0] && !ref $_[0] && $numbers->encode($_[0]) =~ /\A"./ }
sub is_time { return is_number($_[0]) && $_[0] >= 0 }

my %metadata = (process_name => 'name', thread_name => 'name', thread_sort_index => 'sort_index');
my %required = (
    X => sub { is_time($_->{ts}) && is_time($_->{dur}) && is_number($_->{tid}) },
    i => sub { is_time($_->{ts}) && is_number($_->{tid}) && is_text($_->{s}) && $_->{s} =~ /\A[gpt]\z/ },
    s => sub { is_time($_->{ts}) && is_number($_->{tid}) && defined $_->{id} && is_text($_->{cat}) },
    f => sub { is_time($_->{ts}) && is_number($_->{tid}) && defined $_->{id} && is_text($_->{cat}) && is_text($_->{bp}) && $_->{bp} eq 'e' },
    C => sub { is_time($_->{ts}) && ref $_->{args} eq 'HASH' && %{$_->{args}} && !grep { !is_number($_) } values %{$_->{args}} },
    M => sub {
        my $key = $metadata{$_->{name}};
        $key && ref $_->{args} eq 'HASH' && ($key eq 'name' ? is_text($_->{args}{name}) : is_number($_->{args}{$key}))
            && ($_->{name} =~ /^process/ || is_number($_->{tid}));
    },
);

# Slices of a track, by their beginning, none within another: the one that the time is in.
sub slice_at {
    my ($slices, $time) = @_;
    my ($low, $high) = (0, scalar @$slices);

    while ($low < $high) {
        my $middle = int(($low + $high) / 2);
        if ($slices->[$middle]{ts} <= $time + 1e-6) { $low = $middle + 1 } else { $high = $middle }
    }
    return first { $_->{ts} + $_->{dur} >= $time - 1e-6 } grep { defined } map { $_ > 0 ? $slices->[$_ - 1] : undef } $low, $low - 1;
}

sub is_trace_event_format {
    my ($text) = @_;
    my $json = decode_json($text);
    my @events = @{$json->{traceEvents}};
    my (@wrong, %slices, %flow, %by_id);

    for (@events) {
        my $fine = is_text($_->{ph}) && $required{$_->{ph}} && is_text($_->{name}) && is_number($_->{pid});
        push @wrong, encode_json($_) if !$fine || !$required{$_->{ph}}->();
    }
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    cmp_ok(scalar(@events), '>', 0, 'there are events');
    is(join("\n", @wrong[0 .. ($#wrong > 2 ? 2 : $#wrong)]), '', 'each has what its kind must have');
    like($json->{displayTimeUnit} // '', qr/\A(?:ms|ns)\z/, 'a unit that there is');
    return if @wrong;
    push @{$slices{$_->{tid}}}, $_ for sort { $a->{ts} <=> $b->{ts} } grep { $_->{ph} eq 'X' } @events;
    push @{$by_id{$_->{id}}}, $_ for grep { $_->{ph} =~ /^[sf]$/ } @events;
    my @ends = map { @$_ } values %by_id;
    @wrong = grep { join(' ', map { "$_->{ph} $_->{cat} $_->{name}" } @{$by_id{$_}}) !~ /\As (.+) f \1\z/ } keys %by_id;
    is("@wrong", '', 'an arrow is a beginning and an end of the same number, category and name');
    @wrong = map { encode_json($_) } grep { !slice_at($slices{$_->{tid}} // [], $_->{ts}) } @ends;
    is(join("\n", @wrong[0 .. ($#wrong > 2 ? 2 : $#wrong)]), '', 'each of them in a slice of its thread');
    return;
}

my @variants = map { (split)[0] } grep { /^  \w/ } split /\n/, (split /\n\n/, gilscope('list')->{out})[0];
my %locked = map { $_ => 1 } qw(critical ticks gil hold release);
cmp_ok(scalar(@variants), '>=', 10, 'variants are listed') or diag("@variants");

for my $variant (@variants) {
    subtest "$variant: csv, json and table say the same" => sub {
        # With the lock of 3.2 so short an interval that some are switched away
        my @interval = $variant =~ /^(?:gil|hold|release)$/ ? '--switch-interval=200us' : ();
        my ($folder, $result) = trace('-v', $variant, '--events=1M', @interval);
        is(join(' ', names_in($folder)), "@files", 'three files');
        my @events = events($folder);
        my @rows = table($folder);
        my $threads = $variant eq 'serial' ? 1 : 2;
        is(scalar(@rows), $threads, 'a row a thread');
        is(join(' ', uniq(column('variant', @rows))), $variant, 'of that variant');
        is(sum(column('events', @rows)), scalar(@events), 'all events are there');
        is(sum(column('lost', @rows)), 0, 'none was lost');
        my %known = map { $_ => 1 } @kinds;
        is(join(' ', grep { !$known{$_} } uniq(column('event', @events))), '', 'of known kinds');
        my @times = column('time_s', @events);
        is(scalar(grep { $times[$_] < $times[$_ - 1] } 1 .. $#times), 0, 'in the order of time');
        cmp_ok($times[0], '==', 0, 'from zero on');
        for my $thread (uniq(column('thread', @events))) {
            my @own = grep { $_->{thread} == $thread } @events;
            # OpenMP may have a thread do tasks while it still waits for the others before its beginning
            my $first = $variant eq 'tasks' ? qr/\A(?:begins|task_begins)\z/ : qr/\Abegins\z/;
            like($own[0]{event}, $first, "thread $thread begins");
            is(counted('begins', @own), 1, 'once');
            is($own[-1]{event}, 'ends', 'and ends');
            my %count = map { $_ => counted($_, @own) } @kinds;
            is($count{native_begins}, $count{native_ends}, 'calls end');
            is($count{task_begins}, $count{task_ends}, 'tasks end');
            is($count{got}, $count{gave_up}, 'the lock is given up as often as got');
            is($count{wants}, $count{got}, 'and as often as wanted');
            my ($row) = grep { $_->{thread} == $thread } @rows;
            near($row->{span_s}, $own[-1]{time_s} - $own[0]{time_s}, 'its time')
                if abs($row->{span_s} - $own[-1]{time_s} + $own[0]{time_s}) > 3e-9;
            near(sum(@$row{qw(running_s waiting_s native_s other_s)}), $row->{span_s}, 'is all accounted for');
        }
        if ($locked{$variant}) {
            one_holder_at_a_time(@events);
        } else {
            is(counted('got', @events), 0, 'no lock');
        }
        is(counted('native_begins', @events) > 0, $variant =~ /^(?:hold|release)$/, 'native calls where there are any');
        is(counted('task_begins', @events), 8, 'eight tasks') if $variant =~ /^(?:tasks|pool)$/;

        my @got = grep { $_->{event} eq 'got' } @events;
        my $handoffs = grep { $got[$_]{thread} ne $got[$_ - 1]{thread} } 1 .. $#got;
        is(sum(column('handoffs', @rows)), $handoffs, 'hand-offs');
        my $text = slurp("$folder/trace.json");
        is_trace_event_format($text);
        my @json = @{decode_json($text)->{traceEvents}};
        is(scalar(grep { $_->{ph} eq 's' } @json), $handoffs, 'an arrow each');
        is(scalar(grep { $_->{ph} eq 'f' } @json), $handoffs, 'with its end');
        my %from = map { $_->{id} => $_ } grep { $_->{ph} eq 's' } @json;
        is(scalar(grep { $_->{ts} < $from{$_->{id}}{ts} || $_->{tid} == $from{$_->{id}}{tid} } grep { $_->{ph} eq 'f' } @json),
            0, 'to another thread, not back in time');
        is(scalar(grep { $_->{ph} eq 'M' && $_->{name} eq 'thread_name' } @json), $threads, 'a track a thread');
        for my $row (@rows) {
            for my $state (qw(running waiting native)) {
                my $micros = sum(0, map { $_->{dur} } grep { $_->{ph} eq 'X' && $_->{name} eq $state && $_->{tid} == $row->{thread} + 1 } @json);
                my $slices = @json;
                cmp_ok(abs($micros - 1e6 * $row->{$state . '_s'}), '<=', 0.01 + 0.001 * $slices, "thread $row->{thread}: $state");
            }
        }
        is(scalar(grep { $_->{ph} eq 'X' && $_->{dur} < 0 } @json), 0, 'no slice is shorter than nothing');
        my (%end, @overlap);
        for my $slice (sort { $a->{ts} <=> $b->{ts} } grep { $_->{ph} eq 'X' } @json) {
            push @overlap, $slice->{ts} if $slice->{ts} < ($end{$slice->{tid}} // 0) - 1e-4;
            $end{$slice->{tid}} = $slice->{ts} + $slice->{dur};
        }
        is("@overlap", '', 'none begins before the one before has ended');
        is(scalar(grep { $_->{ph} eq 'C' && $_->{args}{threads} > 2 } @json), 0, 'at most all of them wait');
        like($result->{out}, qr/^Recording takes [\d.]+ ns an event/m, 'it says what recording costs');
        unlike($result->{out}, qr/\b(?:nan|inf)\b/i, 'in numbers');
        like($result->{err}, qr/^wrote \Q$folder\E\/trace\.csv/m, 'and where the files are');
    };
}

subtest 'gil: who waits asks, who has it sees' => sub {
    # On a busy machine a thread may be done before another gets to ask: then once more
    my @events;
    for my $try (1 .. 20) {
        my ($folder) = trace(words('-v gil -i 500us -T 50ms'));
        @events = events($folder);
        last if counted('switched', @events);
    }
    switches_are_seen(@events);
    cmp_ok(counted('asks', @events), '>', 0, 'they ask');
    cmp_ok(counted('sees', @events), '>', 0, 'it is seen');
    cmp_ok(counted('switched', @events), '>', 0, 'who gives it up then waits for the switch');
    cmp_ok(counted('switched', @events), '<=', counted('sees', @events), 'who has seen it is switched away, at most so often');
    my ($holder, @wrong);
    for my $event (@events) {
        $holder = $event->{thread} if $event->{event} eq 'got';
        push @wrong, $event->{time_s} if $event->{event} eq 'sees' && $event->{thread} ne $holder;
        undef $holder if $event->{event} eq 'gave_up';
    }
    is("@wrong", '', 'by the holder alone');
};

subtest 'a lock of choice, and the length of calls' => sub {
    for my $lock (qw(gil ticks critical)) {
        my ($folder, $result) = trace(words("-v release --lock=$lock --length=2k --held=100ns"));
        my @rows = table($folder);
        is($rows[0]{lock}, $lock, 'is the one asked for');
        is($rows[0]{call}, 2000, 'with calls of that length');
        like($result->{out}, qr/\Arelease, calls of 2000 decrements, 2 threads/, 'as it was asked for');
        one_holder_at_a_time(events($folder));
    }
    my (undef, $result) = trace(words('-v release --length=2us'));
    like($result->{out}, qr/\Arelease, calls of 2\.00 us \(\d+ decrements\), 2 threads/, 'a time is told with its work');
};

subtest 'options are taken where they mean something' => sub {
    for my $options ('-v critical -c 1k', '-v ticks -c 1us', '-v gil -c 1k -i 1ms', '-v tasks -k 3', '-v pool -k 3',
        '-v release --lock=ticks -c 1us', '-v hold --lock=gil -i 1ms') {
        my $result = gilscope(words('trace -q -n 100k'), words($options), '-o', temp_folder());
        is($result->{exit}, 0, $options) or diag($result->{err});
    }
};

subtest 'exact work' => sub {
    my ($folder) = trace_as(words('trace -v gil -n 3M -t 3'));
    is(scalar(table($folder)), 3, 'three threads');
};

subtest 'full buffers' => sub {
    my ($folder, $result) = trace(words('-v ticks --events=50'));
    my @rows = table($folder);
    my @events = events($folder);
    my $lost = sum(column('lost', @rows));
    cmp_ok($lost, '>', 0, 'events are lost');
    is(sum(column('events', @rows)), $lost + @events, 'the others are kept');
    is(scalar(grep { $_ > 50 } map { my $t = $_; scalar grep { $_->{thread} == $t } @events } 0, 1), 0, 'not more than there is room for');
    like($result->{out}, qr/events were lost, from [\d.]+ [num]?s on/, 'it says how many, and since when');
    like($result->{out}, qr/--events/, 'and what to do');
    my $time = qr/[\d.]+ [num]?s/;
    like($result->{out} =~ s/\n/ /gr, qr/\Aticks, 2 threads\*?, pin core: the first $time of $time, @{[scalar @events]} of \S+ events recorded /,
        'whose time, and how much of it all it is');
    like($result->{out} =~ s/\n/ /gr, qr/CPU is blank for a thread whose end/, 'and why a column is blank');
    is(max(map { length } split /\n/, $result->{out}) <= 80, 1, 'in lines as wide as the terminal');
    my $from = $rows[0]{lost_from_s};
    cmp_ok($from, '>', 0, 'a time');
    near($rows[0]{run_s}, $from, 'up to which all is told');
    is_trace_event_format(slurp("$folder/trace.json"));
    my $json = decode_json(slurp("$folder/trace.json"));
    is($json->{otherData}{events_lost}, $lost, 'the JSON says it, too');
    is(scalar(grep { $_->{ph} eq 'X' && $_->{ts} + $_->{dur} > 1e6 * $from + 0.01 } @{$json->{traceEvents}}), 0,
        'and has no slice after it');
    my ($until) = grep { $_->{ph} eq 'i' && $_->{s} eq 'g' } @{$json->{traceEvents}};
    is($until->{name}, 'events lost from here on', 'but a mark where it ends');
    cmp_ok(abs($until->{ts} - 1e6 * $from), '<', 0.001, 'at the first loss');
    my @counts = grep { $_->{ph} eq 'C' } @{$json->{traceEvents}};
    is($counts[-1]{ts}, $until->{ts}, 'where the counter ends, too');
    is(scalar(grep { $_->{args}{threads} > 2 } @counts), 0, 'which never counts more than there are');
    one_holder_at_a_time(grep { $_->{time_s} < $from } @events);
};

subtest 'a worker of the pool is killed: a note' => sub {
    # Between two lists it has nothing to do again: then once more
    my $result;
    for my $try (1 .. 10) {
        my $job = start($GILSCOPE, words('trace -v pool -T 200ms -o'), temp_folder());
        poll_until(sub {
            my ($worker) = grep { cpu_seconds($_) >= 0.05 } children_of($job->{pid});
            return $worker && kill KILL => $worker;
        });
        $result = finish($job);
        is($result->{exit}, 0, 'the trace is made') or diag($result->{err});
        last if $result->{err} =~ /pool/;
    }
    like($result->{err}, qr/^gilscope: \d+ tasks? of the pool done again: a worker died meanwhile$/m, 'and the note says why it took longer');
};

subtest 'where it was made' => sub {
    my ($folder) = trace('-q');
    my %fact = map { @$_{qw(key value)} } csv_rows(slurp("$folder/trace-machine.csv"));
    like($fact{command_line}, qr/ trace /, 'and how');
    cmp_ok($fact{usable_pus}, '==', usable_pus(), 'on how many PUs');
    isnt($fact{cpu} // '', '', 'of what kind');
};

subtest '64 threads' => sub {
    my ($folder, $result) = trace(words('-v critical -t 64 --events=64k -T 20ms'));
    is(scalar(table($folder)), 64, '64 rows');
    is(scalar(uniq(column('thread', events($folder)))), 64, 'all of them have events');
    # Blank for who is done sooner than a character of it lasts, and a line does not end in blanks
    my @lines = $result->{out} =~ /^ +(\d+)(?: [ _.:=+*#n,-]*)?$/mg;
    is("@lines", join(' ', 0 .. 63), 'and a line in the strip');
};

subtest 'threads that hardly work together' => sub {
    # Fewer than a turn of five milliseconds for each: nothing can be said of who got how much
    my ($folder, $result) = trace(words('-v gil -t 8'));
    is(join('', uniq(column('jain', table($folder)))), '', 'no index of fairness');
    like($result->{out} =~ s/\n/ /gr, qr/Fairness: -, for /, 'and a line why');
    my $pus = usable_pus();
    ($folder, $result) = trace('-v', 'nogil', '-t', $pus + 1);
    like($result->{out}, qr/\Anogil, \d+ threads\*, pin core/, 'more threads than PUs are marked');
    like($result->{out}, qr/^\* more threads than usable PUs$/m, 'with a footnote');
    is(join('', uniq(column('oversubscribed', table($folder)))), 1, 'and a column');
    ($folder, $result) = trace(words('-v serial'));
    unlike($result->{out}, qr/threads?\*|^\*/m, 'one thread is not');
    is(join('', uniq(column('oversubscribed', table($folder)))), 0, 'nor there');
};

subtest 'one PU' => sub {
    plan(skip_all => 'no taskset') if !have('taskset');
    my ($pu) = column('pu_os', topo_rows());
    plan(skip_all => 'the PUs have no numbers') if !defined $pu;
    my $folder = temp_folder();
    my $result = run('taskset', '-c', $pu, $GILSCOPE, words('trace -T 20ms -v gil -i 1ms -o'), $folder);
    is($result->{exit}, 0, 'two threads on it') or diag($result->{err});
    one_holder_at_a_time(events($folder));
};

subtest 'rows on standard output' => sub {
    my ($folder, $result) = trace(words('--csv -v gil'));
    is($result->{out}, slurp("$folder/trace.csv"), 'are those of the file');
    ($folder, $result) = trace('-q');
    is($result->{out} . $result->{err}, '', 'quiet says nothing');
};

subtest 'the strip is as wide as the terminal, and plain where it is none' => sub {
    my ($folder, $result) = trace(words('-v nogil'));
    unlike($result->{out}, qr/[^\x00-\x7f]|\e/, 'ASCII, no colours');
    is(max(map { length } split /\n/, $result->{out}) <= 80, 1, 'at most 80 columns');
    unlike($result->{out}, qr/ $/m, 'and none of blanks at the end: nobody waits here, so that columns are empty');
};

subtest 'Ctrl-C' => sub {
    for my $variant (qw(gil pool)) {
        my $folder = temp_folder();
        my $job = start($GILSCOPE, words('trace -T 100s -v'), $variant, '-o', $folder);
        ok(poll_until(sub { -e "$folder/trace.csv.part" && cpu_seconds($job->{pid}) + sum(0, map { cpu_seconds($_) } children_of($job->{pid})) > 0.3 }),
            "$variant runs");
        send_signal(INT => $job);
        my $result = finish($job, 20);
        is($result->{exit}, 130, 'ends it');
        is(join(' ', grep { !/\.part\z/ } names_in($folder)), '', 'no file that looks complete');
        is($result->{err} =~ /^gilscope: /m ? $result->{err} : '', '', 'no error');
    }
};

subtest 'Ctrl-C before anything is recorded' => sub {
    my $folder = temp_folder();
    # The warm-up of so much work takes longer than this test
    my $job = start($GILSCOPE, words('trace -v serial -T 1000s -o'), $folder);
    ok(poll_until(sub { -e "$folder/trace.json.part" }), 'it runs');
    send_signal(INT => $job);
    my $result = finish($job, 20);
    is($result->{exit}, 130, 'ends it');
    is(join(' ', names_in($folder)), '', 'no file is left');
    like($result->{err}, qr/\Anothing was recorded yet, [^\n]*\n\z/, 'and a line says so');
};

subtest 'a folder that goes away' => sub {
    for my $quiet ('', '-q') {
        my $folder = temp_folder();
        my $job = start($GILSCOPE, words("trace -T 100ms $quiet -o"), "$folder/gone");
        ok(poll_until(sub { -e "$folder/gone/trace.json.part" }), 'it runs');
        unlink glob "$folder/gone/*";
        rmdir "$folder/gone";
        spew("$folder/gone", ''); # so that it cannot be made again
        my $result = finish($job, 60);
        is($result->{exit}, 1, 'is an error');
        like($result->{err}, qr{\Agilscope: cannot write '[^\n]*gone/[^\n]*: Not a directory[^\n]*\n\z}, 'told once');
        like($result->{out}, qr/\Agil, 2 threads.*^Recording takes/ms, 'but what was measured is shown');
    }
};

subtest 'wrong options' => sub {
    my $in = temp_folder();
    my @never = ('-o', "$in/never");
    my %wrong = (
        '-v gil,ticks' => qr/one case/,
        '-v gill' => qr/did you mean 'gil'/,
        '-t 1,2' => qr/one case/,
        '-p core,none' => qr/one case/,
        '-v serial -t 2' => qr/serial/,
        '--events=0' => qr/--events=0/,
        '--events=1G' => qr/--events=1G/,
        '--events=60M -t 64' => qr/1 GiB/,
        '--length=1us' => qr/--length/,
        '-v release --length=1us,2us' => qr/trace takes one/,
        '-v atomic --kernel=floor' => qr/atomic/,
        '-v ticks -i 1ms' => qr/--switch-interval.* leave it out/,
        '-v serial -i 1ms' => qr/--switch-interval/,
        '-v release --lock=critical -i 1ms' => qr/--switch-interval.*--lock=gil/,
        '-v hold --lock=ticks -i 1ms' => qr/--switch-interval/,
        '-v gil --tasks=3' => qr/--tasks.*: tasks, pool/,
        '-v nogil -c 1us' => qr/--chunk.*critical, ticks, gil/,
        '-v atomic -c 100' => qr/--chunk/,
        '-v pool -c 100' => qr/--chunk/,
        '-v release --lock=gil -c 100' => qr/--chunk.*--lock=ticks/,
        '-n 1M -T 5ms' => qr/--time, --count/,
        '--seed=1' => qr/unknown option/,
        '--reps=1' => qr/unknown option/,
        'now' => qr/'now'/,
    );
    for my $options (sort keys %wrong) {
        one_line_error(gilscope('trace', words($options), @never), 2, $options, $wrong{$options});
    }
    one_line_error(gilscope({env => {HWLOC_SYNTHETIC => 'core:4 pu:1'}}, 'trace', @never), 2, 'another machine', qr/HWLOC_SYNTHETIC/);
    ok(!-e "$in/never", 'and no folder was made');
    my $file = spew("$in/file", '');
    one_line_error(gilscope(words('trace -T 2ms -o'), "$file/x"), 1, 'a folder that cannot be', qr/--output/);
};

done_testing();
