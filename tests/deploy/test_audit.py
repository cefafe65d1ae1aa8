"""`make audit`, beside a stand-in of OSV: the real one cannot be reached from everywhere."""

import json
import os
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import yaml

from tests.deploy.tools import ROOT

FOUND = "GHSA-aaaa-bbbb-cccc"


class Osv(ThreadingHTTPServer):
    """Knows one vulnerability, of every version of the package `vulnerable`."""

    vulnerable = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: set[str] = set()

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://127.0.0.1:{self.server_port}/v1/query"


class _Answer(BaseHTTPRequestHandler):
    server: Osv

    def do_POST(self) -> None:
        """As OSV answers `/v1/query`."""
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = query["package"]["name"]
        self.server.asked.add(name)
        known = {"id": FOUND, "summary": "x", "affected": [], "aliases": []}
        body = json.dumps({"vulns": [known]} if name == self.server.vulnerable else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def osv() -> Iterator[Osv]:
    """The stand-in, which serves."""
    with Osv() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def audit(url: str) -> "subprocess.CompletedProcess[str]":
    """What `make audit` runs."""
    environment = {**os.environ, "OSV_URL": url}
    return subprocess.run(
        [ROOT / ".github/audit.sh"], env=environment, capture_output=True, text=True, check=False
    )


def test_every_pinned_package_is_asked_for(osv: Osv) -> None:
    """Of all our files of packages; nothing is known of any."""
    done = audit(osv.url)
    assert done.returncode == 0, done.stderr
    pinned = {
        line.partition("==")[0]
        for file in (ROOT / "requirements").glob("*.txt")
        for line in file.read_text().splitlines()
        if "==" in line and ";" not in line
    }
    assert pinned <= osv.asked
    assert {"pymongo", "tox", "schemathesis"} <= osv.asked


def test_a_known_vulnerability_fails_it(osv: Osv) -> None:
    """With the package and the name of what is known."""
    osv.vulnerable = "pymongo"
    done = audit(osv.url)
    assert done.returncode != 0
    (line,) = {each for each in done.stdout.splitlines() if FOUND in each}
    assert line.startswith("pymongo")


def test_without_an_answer_it_fails_in_one_line() -> None:
    """It is not known then that nothing is known."""
    done = audit("http://127.0.0.1:1/")
    assert done.returncode != 0
    assert "OSV does not answer: " in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_it_is_asked_every_week() -> None:
    """By a workflow that may do nothing but read."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/audit.yml").read_text())
    (job,) = workflow["jobs"].values()
    assert job["steps"][-1] == {"run": "make audit"}
    assert job["permissions"] == {"contents": "read"}
    assert "schedule" in workflow[True]  # YAML 1.1 reads `on` so
