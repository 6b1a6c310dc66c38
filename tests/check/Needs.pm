package Needs;

# What a check needs, and what comes of it where that is missing.

use strict;
use warnings;

use Exporter qw(import);
use Test::More;

our @EXPORT = qw($FULL needs);

# CHECK=full, as 'make check' and its parts have it: all of it; else only what is quick.
our $FULL = ($ENV{CHECK} // '') eq 'full';

# needs(WHETHER IT IS THERE, WHAT): without it the test, or the subtest that asks, is skipped by 'make
# test'. Who asked for the check itself is not told that all is well: it fails.
sub needs {
    my ($is_there, $what) = @_;
    return if $is_there;
    die "$what is missing, and CHECK=full needs it: 'make deps check' installs it\n" if $FULL;
    plan(skip_all => "$what is missing");
}

1;
