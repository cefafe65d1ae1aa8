"""A few of the simulated rollouts; `python -m canary.simulation` runs thousands."""

import pytest
from click.testing import CliRunner

from canary.simulation import BAD, GOOD, Case, rollout, simulate


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.name)
def test_a_good_version_goes_through(case: Case) -> None:
    """Each of twelve; one in a thousand may fail, but these are always the same twelve."""
    assert [rollout(case, seed) for seed in range(12)] == [None] * 12


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.name)
def test_a_bad_version_is_found_soon(case: Case) -> None:
    """Within a thousand of its requests."""
    assert max(rollout(case, seed) or 10_000 for seed in range(40)) <= 1000


def test_the_command_says_what_was_found() -> None:
    """A line for each kind of version and each base of errors."""
    result = CliRunner().invoke(simulate, ["--rollouts", "2", "--curves", "2"])
    assert result.exit_code == 0, result.output
    assert "as good, no errors: 0 of 2 rolled back" in result.output
    assert result.output.count("2 points more over") == 5
