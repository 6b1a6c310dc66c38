#!/usr/bin/env perl
# What the checks need: where it is missing 'make check' fails, 'make test' goes without, and 'make deps'
# installs it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../cli";
use Gilscope;
use Test::More;

my $path = path_without(words('clang spin valgrind apt-get dnf pacman apk zypper brew sudo'));

subtest 'a check without what it needs' => sub {
    for my $check (words('locks_models locks_races rule_refused valgrind')) {
        my @command = ({env => {PATH => "$path", CHECK => ''}}, $^X, "tests/check/$check.t");
        like(run(@command)->{out}, qr/^1\.\.0 # SKIP/, "$check: is skipped by make test");
        $command[0]{env}{CHECK} = 'full';
        my $result = run(@command);
        isnt($result->{exit}, 0, 'and is a failure with CHECK=full');
        like($result->{err}, qr/^(?:clang|spin|valgrind) is missing, /m, 'which says what');
    }
};

# What .ci/deps asks apt for, which has all of it, or no Spin.
my $log = temp_folder();
fake_command($path, 'id', 'echo 0');
fake_command($path, 'apt-get', qq{echo "\$*" >>"$log/asked"; case \$*\$SPIN in *spinnone) exit 100 ;; esac});

sub asked_for {
    my ($spin, @groups) = @_;
    spew("$log/asked", '');
    my $result = run({env => {PATH => "$path", SPIN => $spin, CC => $ENV{CC} // 'cc'}}, "$ROOT/.ci/deps", @groups);
    return ($result, slurp("$log/asked"));
}

my %needs = (
    'check' => [words('clang libomp-dev libclang-rt-dev spin valgrind')],
    'check-locks' => [words('clang libomp-dev libclang-rt-dev spin')],
    'check-rule' => [words('clang libomp-dev')],
    'check-faults' => [],
);
for my $group (sort keys %needs) {
    subtest "deps $group" => sub {
        my ($result, $asked) = asked_for('', $group);
        is($result->{exit}, 0, 'exit code 0') or diag($result->{err});
        like($asked, qr/ \Q$_\E(?: |$)/m, "asks for $_") for @{$needs{$group}};
        unlike($asked, qr/ spin(?: |$)/m, 'and not for Spin') if !grep { $_ eq 'spin' } @{$needs{$group}};
        like(run('make', '-n', 'deps', $group)->{out}, qr/^CC='[^']*' \.ci\/deps run \Q$group\E$/m, "make deps $group asks for it");
    };
}

subtest 'Spin is not to be had' => sub {
    my ($result, $asked) = asked_for('none', 'check-locks');
    is($result->{exit}, 1, 'a failure of what needs it');
    like($result->{err}, qr{^deps: apt has no spin[^\n]*https://spinroot\.com$}m, 'which says where it is');
    like($asked, qr/ clang /m, 'all else is there');
    ($result, $asked) = asked_for('none', 'test');
    is($result->{exit}, 0, 'and none of make test');
    like($result->{err}, qr/^deps: without spin /m, 'which goes without');
};

done_testing();
