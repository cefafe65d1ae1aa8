"""Other time zones, and behind a proxy."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sdks.faulty import Faulty, Reply, faulty

pytestmark = pytest.mark.slow

NODE = str(Path(sys.executable).with_name("node"))


@pytest.fixture(scope="module")
def server() -> Iterator[Faulty]:
    """A server that answers as it is told."""
    with faulty() as running:
        yield running


def run(language: str, echoes: Path, url: str, **variables: str) -> str:
    """Send a thing of a day and print the day that comes back, with these variables."""
    if language == "python":
        program = (
            f"import things\nwith things.Client('{url}', retries=0) as client:\n"
            "    made = client.create_thing({'name': 'a', 'day': '2026-11-22'})\n"
            "print(made['day'])"
        )
        command = [sys.executable, "-c", program]
    else:
        program = (
            f'import {{ Client, createThing }} from "{echoes}/things-js/dist/index.js";\n'
            f'const client = new Client("{url}", {{ retries: 0 }});\n'
            'const made = await createThing(client, { body: { name: "a", day: "2026-11-22" } });\n'
            "console.log(made.day);"
        )
        command = [NODE, "--input-type=module", "-e", program]
    environment = {**os.environ, "PYTHONPATH": str(echoes), **variables}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("language", ["python", "typescript"])
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati", "UTC"])
def test_a_day_is_the_same_day_everywhere(
    language: str, zone: str, echoes: Path, server: Faulty
) -> None:
    """East and west of Greenwich: as sent and as answered."""
    server.answers(Reply(body=b'{"name": "a", "day": "2026-11-22"}'))
    assert run(language, echoes, server.url, TZ=zone) == "2026-11-22"
    assert b'"2026-11-22"' in server.asked[0].body


@pytest.mark.parametrize("language", ["python", "typescript"])
def test_a_proxy_of_the_environment_is_used(language: str, echoes: Path, server: Faulty) -> None:
    """As every program's is; Node is told to heed it by a variable of its own."""
    server.answers(Reply(body=b'{"name": "a", "day": "2026-11-22"}'))
    variables = {"HTTP_PROXY": server.url, "http_proxy": server.url, "no_proxy": "", "NO_PROXY": ""}
    told = run(language, echoes, "http://things.invalid", **variables, NODE_USE_ENV_PROXY="1")
    assert told == "2026-11-22"
    assert server.seen("host") == ["things.invalid"]
