"""What the stand-in logs of each request."""

import pytest

from kong.settings import LogFormat
from tests.gateway.conftest import Start


@pytest.mark.parametrize("log_format", LogFormat)
def test_the_gateway_starts_with_every_form_of_log(start: Start, log_format: LogFormat) -> None:
    """For people, for machines, or whichever fits; it answers with each."""
    gateway = start(log_format=log_format)
    assert gateway.stop() in {0, None}
