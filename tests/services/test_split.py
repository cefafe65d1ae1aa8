"""P percent of the user requests go to v1, counted by who answered."""

import tempfile
from collections import Counter
from pathlib import Path

import httpx
import pytest

from gateway.settings import GatewaySettings
from local.stack import Stack
from tests.gateway.running import run
from tests.services.conftest import new_user


@pytest.mark.parametrize("p_value", [0, 30, 100])
def test_the_split_is_exact(stack: Stack, p_value: int) -> None:
    """Of 100 creations, P are answered by v1 and the others by v2."""
    address = stack.ports.address
    with tempfile.TemporaryDirectory(prefix="split-") as folder:
        settings = GatewaySettings(
            p_value=p_value,
            targets={
                each: (address(each),)
                for each in ("user-service-v1", "user-service-v2", "order-service")
            },
            state=Path(folder),
        )
        gateway = run(settings)
        try:
            with httpx.Client(base_url=gateway.url, timeout=30) as client:
                answers = [client.post("/users/", json=new_user()) for _ in range(100)]
        finally:
            gateway.stop()
    assert {answer.status_code for answer in answers} == {201}
    builds = Counter(answer.headers["X-Service-Version"] for answer in answers)
    assert (builds["v1"], builds["v2"]) == (p_value, 100 - p_value)
