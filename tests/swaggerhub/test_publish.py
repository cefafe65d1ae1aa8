"""`python -m aware publish`, with the real command line, against a registry on this machine."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from generate.published import published_document
from local.ports import Ports
from services.reading import declared
from tests.swaggerhub.server import Answer, State, registry

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
OWNER = "aware-team"
KEY = "12345678-90ab-cdef-1234-567890abcdef"
DOCUMENTS = {each.clients: published_document(each.spec) for each in declared().with_clients}
VERSIONS = {name: document["info"]["version"] for name, document in DOCUMENTS.items()}
USERS, ORDERS, *_ = DOCUMENTS


@dataclass(frozen=True)
class Ended:
    """How the command ended."""

    status: int
    stdout: str
    stderr: str


Publish = Callable[..., Ended]


@pytest.fixture
def state() -> State:
    """An empty registry of our owner."""
    return State(OWNER, KEY)


@pytest.fixture
def url(state: State) -> Iterator[str]:
    """Where it is."""
    with registry(state) as address:
        yield address


@pytest.fixture
def publish(url: str, tmp_path: Path) -> Publish:
    """Runs the command; variables can be given another value, or None for none at all."""

    def run(*options: str, **changes: str | None) -> Ended:
        given = {
            "SWAGGERHUB_OWNER": OWNER,
            "SWAGGERHUB_API_KEY": KEY,
            "SWAGGERHUB_URL": url,
            "HOME": str(tmp_path),
            **changes,
        }
        inherited = {name: value for name, value in os.environ.items() if name not in given}
        environment = inherited | {name: value for name, value in given.items() if value}
        done = subprocess.run(
            [sys.executable, "-m", "aware", "publish", *options],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert KEY not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


def lines(words: str) -> str:
    """What is said of both APIs."""
    return "".join(f"{name}/{version}: {words}\n" for name, version in VERSIONS.items())


def other(name: str) -> dict[str, Any]:
    """The API with another content under the same version."""
    document = copy.deepcopy(DOCUMENTS[name])
    document["info"]["description"] = "Something else."
    del document["components"]["schemas"]["Problem"]["properties"]["errors"]
    return document


def fail(*starts: str, answer: Answer = (503, "<h1>Unavailable</h1>")) -> Callable[[str], Any]:
    """A disturbance of the requests that start like this."""
    return lambda request: answer if request.startswith(starts) else None


def test_both_apis_are_there_published_and_the_default(publish: Publish, state: State) -> None:
    """Under their version, for the owner's people, without anything internal."""
    done = publish()
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout == lines("created, published and made the default")
    assert set(state.apis) == set(DOCUMENTS)
    for name, api in state.apis.items():
        assert api.default == VERSIONS[name]
        (version,) = api.versions.values()
        assert version.published
        assert version.private
        assert version.document == DOCUMENTS[name]
        assert "x-internal" not in json.dumps(version.document)
        assert ".yaml" not in json.dumps(version.document)


def test_they_can_be_for_everybody(publish: Publish, state: State) -> None:
    """On demand."""
    assert publish("--visibility", "public").status == 0
    assert not [
        each for api in state.apis.values() for each in api.versions.values() if each.private
    ]


def test_nothing_is_changed_where_nothing_changed(publish: Publish, state: State) -> None:
    """The second time asks and writes nothing."""
    publish()
    before, written = copy.deepcopy(state.apis), len(state.writes)
    done = publish()
    assert (done.status, done.stdout) == (0, lines("unchanged"))
    assert (state.apis, len(state.writes)) == (before, written)


def test_a_new_version_stands_beside_the_old_and_is_the_default(
    publish: Publish, state: State
) -> None:
    """The old one stays published, as it was."""
    for name in DOCUMENTS:
        old = other(name)
        old["info"]["version"] = "0.9.0"
        state.hold(name, old, published=True)
    assert publish().status == 0
    for name, api in state.apis.items():
        assert api.default == VERSIONS[name]
        assert [(number, each.published) for number, each in api.versions.items()] == [
            ("0.9.0", True),
            (VERSIONS[name], True),
        ]
        assert api.versions["0.9.0"].document["info"]["description"] == "Something else."


def test_a_published_version_is_never_overwritten(publish: Publish, state: State) -> None:
    """What differs is named, and what to do; the other API is not pushed either."""
    state.hold(ORDERS, other(ORDERS), published=True)
    before = copy.deepcopy(state.apis)
    for options in ([], ["--dry-run"]):
        done = publish(*options)
        assert (done.status, done.stdout) == (1, "")
        assert done.stderr == (
            f"Error: {ORDERS}/{VERSIONS[ORDERS]} is published with another content "
            "(#/info/description, #/components/schemas/Problem/properties/errors), and stays as "
            "it is: raise info.version in specs/order.yaml\n"
        )
    assert (state.apis, state.writes) == (before, [])


def test_of_many_differences_some_are_named(publish: Publish, state: State) -> None:
    """One line stays one."""
    state.hold(USERS, {"info": {"version": VERSIONS[USERS]}}, published=True)
    done = publish()
    assert done.status == 1
    assert len(done.stderr.splitlines()) == 1
    assert " more)" in done.stderr


def test_a_draft_is_brought_up_to_date(publish: Publish, state: State) -> None:
    """It was never published, so nobody relies on it."""
    state.hold(USERS, other(USERS), published=False)
    done = publish()
    assert done.status == 0
    words = "brought up to date, published and made the default"
    assert done.stdout.splitlines()[0] == f"{USERS}/{VERSIONS[USERS]}: {words}"
    version = state.apis[USERS].versions[VERSIONS[USERS]]
    assert (version.document, version.published) == (DOCUMENTS[USERS], True)


def test_only_what_is_missing_is_done(publish: Publish, state: State) -> None:
    """A draft with our content is published; another default gives way."""
    state.hold(USERS, DOCUMENTS[USERS], published=False)
    state.hold(ORDERS, DOCUMENTS[ORDERS], published=True)
    state.apis[ORDERS].default = "0.9.0"
    done = publish()
    assert done.stdout == (
        f"{USERS}/{VERSIONS[USERS]}: published\n{ORDERS}/{VERSIONS[ORDERS]}: made the default\n"
    )
    assert state.writes == [
        f"PUT /apis/{OWNER}/{USERS}/{VERSIONS[USERS]}/settings/lifecycle",
        f"PUT /apis/{OWNER}/{ORDERS}/settings/default",
    ]


def test_a_server_that_the_registry_added_is_no_difference(publish: Publish, state: State) -> None:
    """It does so where it is told to mock the API."""
    publish()
    for api in state.apis.values():
        (version,) = api.versions.values()
        mock = {"description": "SwaggerHub API Auto Mocking", "url": "https://mock.example/"}
        version.document = version.document | {"servers": [mock, *version.document["servers"]]}
    assert publish().stdout == lines("unchanged")


def test_a_dry_run_shows_what_would_go(publish: Publish, state: State) -> None:
    """In words, and as the very documents."""
    done = publish("--dry-run")
    assert done.status == 0
    assert state.writes == []
    for line, (name, document) in zip(done.stdout.splitlines(), DOCUMENTS.items(), strict=True):
        words, _, file = line.removesuffix(")").rpartition(" (")
        would = "would be created, published and made the default"
        assert words == f"{name}/{VERSIONS[name]}: {would}"
        assert json.loads((ROOT / file).read_text("utf-8")) == document
    publish()
    assert [line.split(" (")[0] for line in publish("--dry-run").stdout.splitlines()] == lines(
        "unchanged"
    ).splitlines()


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_what_is_missing_is_named(publish: Publish, state: State, options: list[str]) -> None:
    """All of it at once, before anything is asked."""
    done = publish(*options, SWAGGERHUB_OWNER=None, SWAGGERHUB_API_KEY=None)
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr == "Error: SWAGGERHUB_OWNER and SWAGGERHUB_API_KEY are not set\n"
    assert publish(*options, SWAGGERHUB_API_KEY=None).stderr == (
        "Error: SWAGGERHUB_API_KEY is not set\n"
    )
    assert state.requests == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"SWAGGERHUB_OWNER": "a/b"}, "SWAGGERHUB_OWNER is 'a/b'"),
        ({"SWAGGERHUB_API_KEY": "secret one"}, "SWAGGERHUB_API_KEY has characters"),
        ({"SWAGGERHUB_URL": "ftp://x/v1"}, "SWAGGERHUB_URL is 'ftp://x/v1'"),
    ],
)
def test_what_cannot_be_right_is_named(
    publish: Publish, changes: dict[str, str], message: str
) -> None:
    """And the key is not shown even then."""
    done = publish(**changes)
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {message}")
    assert "secret" not in done.stderr


def test_a_wrong_key_is_said_to_be_wrong(publish: Publish, url: str, state: State) -> None:
    """One line, without the key."""
    done = publish(SWAGGERHUB_API_KEY="another-key")
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr == f"Error: {url} does not accept SWAGGERHUB_API_KEY (401)\n"
    assert state.writes == []


def test_a_key_that_may_only_read_is_said_to_be_so(publish: Publish, state: State) -> None:
    """It is the command line that finds out: in its words, but for the key in them."""
    refusal = (403, {"code": 403, "message": f"The key {KEY} may not write"})
    state.disturbance = fail("POST", answer=refusal)
    done = publish()
    assert done.status == 1
    assert done.stderr == (
        f"Error: swaggerhub api:create {USERS}/{VERSIONS[USERS]}: The key *** may not write\n"
    )


def test_an_owner_that_is_not_there(publish: Publish, state: State) -> None:
    """Is found out by the first write."""
    done = publish(SWAGGERHUB_OWNER="nobody")
    assert done.status == 1
    assert done.stderr.endswith("Object doesn't exist: nobody\n")
    assert state.apis == {}


def test_nobody_there(publish: Publish) -> None:
    """One line with the address."""
    address = f"http://127.0.0.1:{Ports.free().gateway}/v1"
    done = publish(SWAGGERHUB_URL=address)
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {address} cannot be reached: ")
    assert len(done.stderr.splitlines()) == 1


def test_out_of_order_before_anything_is_done(publish: Publish, url: str, state: State) -> None:
    """A page of a proxy, say."""
    state.disturbance = fail("GET")
    done = publish()
    assert done.status == 1
    assert done.stderr == f"Error: {url} answered 503; nothing was changed\n"
    state.disturbance = fail("GET", answer=(200, "<h1>Welcome</h1>"))
    assert "is it a registry?" in publish().stderr
    assert state.writes == []


@pytest.mark.parametrize(
    "start", [f"POST /apis/{OWNER}/{ORDERS}", "PUT /apis", f"PUT /apis/{OWNER}/{USERS}/settings"]
)
def test_an_outage_half_way_is_made_good_by_the_next_time(
    publish: Publish, state: State, start: str
) -> None:
    """Wherever it was: it fails with a line, and then ends as if nothing had been."""
    state.disturbance = fail(start)
    done = publish()
    assert done.status == 1
    assert done.stderr.startswith("Error: swaggerhub api:create ")
    assert len(done.stderr.splitlines()) == 1
    state.disturbance = lambda _: None
    assert publish().status == 0
    for name, api in state.apis.items():
        version = api.versions[VERSIONS[name]]
        assert (version.document, version.published) == (DOCUMENTS[name], True)
        assert api.default == VERSIONS[name]


def test_somebody_else_publishes_in_between(publish: Publish, state: State) -> None:
    """What the registry refuses then is told in its words, and nothing is overwritten."""
    state.hold(USERS, other(USERS), published=False)

    def publish_first(request: str) -> None:
        if request.startswith("POST"):
            state.apis[USERS].versions[VERSIONS[USERS]].published = True

    state.disturbance = publish_first
    done = publish()
    assert done.status == 1
    assert done.stderr.endswith("Cannot overwrite a published API version\n")
    assert state.apis[USERS].versions[VERSIONS[USERS]].document == other(USERS)


def test_the_key_is_in_no_argument_of_a_process(publish: Publish, state: State) -> None:
    """Looked at while the command line waits for its answers."""
    seen: list[list[str]] = []

    def look(_: str) -> None:
        seen.extend(each.info["cmdline"] or [] for each in psutil.process_iter(["cmdline"]))

    state.disturbance = look
    assert publish().status == 0
    arguments = [argument for cmdline in seen for argument in cmdline]
    assert any("api:create" in argument for argument in arguments)
    assert not any(KEY in argument for argument in arguments)


def test_nothing_is_left_in_the_users_home(publish: Publish, tmp_path: Path) -> None:
    """The command line would keep its configuration there."""
    assert publish().status == 0
    assert list(tmp_path.iterdir()) == []


def test_the_servers_statuses_are_those_of_the_api(state: State, url: str) -> None:
    """The server of these tests refuses what the registry is documented to refuse."""
    state.hold(USERS, DOCUMENTS[USERS], published=True)
    address = f"{url}/apis/{OWNER}/{USERS}"
    asked = {
        HTTPStatus.CONFLICT: ("POST", f"{address}?version={VERSIONS[USERS]}"),
        HTTPStatus.NOT_FOUND: ("GET", f"{address}/9.9.9"),
        HTTPStatus.CREATED: ("POST", f"{url}/apis/{OWNER}/more"),
    }
    for status, (method, path) in asked.items():
        answer = httpx.request(
            method,
            path,
            json=DOCUMENTS[USERS] if method == "POST" else None,
            headers={"Authorization": f"Bearer {KEY}"},
        )
        assert answer.status_code == status
    assert httpx.get(address).status_code == HTTPStatus.UNAUTHORIZED
