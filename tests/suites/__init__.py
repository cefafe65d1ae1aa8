"""How the suites themselves are run, ended and reported."""
