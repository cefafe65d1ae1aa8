"""A spec as others write them becomes a service that fuzzing through the gateway finds sound.

Written by hand are the handlers that are no plain ones, and the gateway's routes, as printed.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from deploy.check import Made, smoke_test
from deploy.errors import DeployError
from deploy.requests import Address
from local.ports import Ports, free_port, names, variable
from local.stack import Stack
from services.reading import declared
from tests.generate.copying import copy_repository
from tests.generate.printed import environment
from tests.generate.test_service import Copy, write_routes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SPEC = Path(__file__).with_name("recordings.yaml")
HANDLERS = Path(__file__).with_name("recordings_handlers.txt")
NEW = (
    *("service", "new", "recordings-service", "--spec", f"specs/{SPEC.name}"),
    *("--no-house-rules", "--enforced-by", "the aviary's proxy"),
)
PORT = "RECORDINGS_SERVICE_PORT"
BIRD = {"kind": "bird", "title": "Dawn", "species": "Turdus merula", "tags": ["dawn"]}


@dataclass(frozen=True)
class Addresses:
    """Where the gateway answers, the service itself, and the other services by their processes."""

    gateway: str
    service: str
    others: Mapping[str, str]


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    """The repository, with the service and nothing left to write."""
    with tempfile.TemporaryDirectory(prefix="taken-") as folder:  # a short path, for sockets
        copy = Copy(copy_repository(Path(folder)))
        shutil.copy(SPEC, copy.folder / "specs")
        write_routes(copy, copy.aware(*NEW))
        write_handlers(copy.folder / "handlers" / "recordings.py")
        yield copy


def write_handlers(file: Path) -> None:
    """Put handlers in the place of the stubs, and what they need above them."""
    written = HANDLERS.read_text("utf-8").rstrip().split("\n\n\n")
    text = file.read_text("utf-8")
    for each in written:
        name = each.partition("(")[0]
        before, begin, stub = text.partition(f"{name}(")
        _, end, after = stub.partition('is not implemented yet.")')
        assert begin
        assert end
        text = f"{before}{each}{after}"
    text = text.replace("from contract.errors import NotImplementedYet\n", "")
    text = text.replace("import Answer, File, Stream", "import Answer")
    text = text.replace("recordings import Recording", "recordings import Bird, Recording")
    file.write_text(text.replace("from typing", "import base64\nfrom typing", 1), "utf-8")


@pytest.fixture(scope="module")
def addresses(copy: Copy) -> Iterator[Addresses]:
    """Where it answers, with all the others."""
    ports = Ports.free()
    given = {variable(name): str(ports[name]) for name in names()} | {PORT: str(free_port())}
    running = Copy(copy.folder, given)
    try:
        running.aware("start")
        others = {each: ports.url(each) for each in declared().http}
        yield Addresses(ports.url("gateway"), f"http://127.0.0.1:{given[PORT]}", others)
    finally:
        Stack(copy.folder / ".aware", ports, 70).stop()


@pytest.fixture
def client(addresses: Addresses) -> Iterator[httpx.Client]:
    """A client of the API."""
    with httpx.Client(base_url=f"{addresses.gateway}/v2", timeout=30) as client:
        yield client


def test_it_passes_every_gate(copy: Copy) -> None:
    """With edits in specs/, handlers/ and the gateway's template alone."""
    assert "FAILED" not in copy.aware("check")
    assert "X-API-Key" in (copy.folder / "kong" / "apikey.yaml").read_text("utf-8")
    assert copy.tool("mypy", "handlers", "models").startswith("Success")
    copy.tool("ruff", "check", "--select=E,F,I", "handlers/recordings.py")


def test_alternatives_are_told_apart_and_patched(client: httpx.Client) -> None:
    """By the discriminator; a patch is of the whole that is stored."""
    made = client.post("/recordings", json=BIRD)
    assert made.status_code == 201, made.text
    place = made.headers["Location"].removeprefix("/v2")
    assert client.get(place).json() == made.json() == BIRD | {"recordingId": place[12:]}
    wrong = client.post("/recordings", json=BIRD | {"kind": "water"})
    assert wrong.status_code == 400
    assert "depth" in wrong.text
    patch = {"Content-Type": "application/merge-patch+json"}
    changed = client.patch(place, headers=patch, json={"title": "Dusk", "tags": None})
    assert changed.json() == {k: v for k, v in made.json().items() if k != "tags"} | {
        "title": "Dusk"
    }
    assert client.patch(place, json={"title": "Dusk"}).status_code == 415
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404


def test_what_goes_wrong_is_told_in_the_media_type_of_the_spec(client: httpx.Client) -> None:
    """Plain JSON; a key in a query is no parameter that nobody knows."""
    refused = client.post("/recordings", json={})
    assert refused.headers["Content-Type"] == "application/json"
    assert refused.json()["status"] == 400
    assert client.get("/recordings?api_key=mine").is_success
    assert client.get("/recordings?api_keys=mine").status_code == 400


def test_files_forms_and_arrays_go_through_the_gateway(client: httpx.Client) -> None:
    """As a client sends them, and as they come back."""
    place = client.post("/recordings", json=BIRD).headers["Location"].removeprefix("/v2")
    assert client.get(f"{place}/sound").content == b""
    sound, binary = bytes(range(256)), {"Content-Type": "application/octet-stream"}
    assert client.put(f"{place}/sound", content=sound, headers=binary).status_code == 204
    assert client.get(f"{place}/sound").content == sound
    assert client.put(f"{place}/sound", content=b"x" * 4097, headers=binary).status_code == 400
    noted = client.post(f"{place}/notes", data={"author": "Ada", "stars": "5"})
    assert noted.json()["note"] == {"author": "Ada", "stars": 5}
    sent = {"list": ("list.csv", b"one\ntwo\n", "text/csv")}
    imported = client.post("/imports", files=sent, data={"region": "North"})
    assert (imported.status_code, imported.json()) == (202, {"lines": 2, "region": "North"})
    query = "tag=dawn&tag=dusk&near=47.5%7C-8"
    found = client.get(f"/recordings/search?{query}", headers={"X-Regions": "north,south"}).json()
    assert found.pop("found") >= 1
    assert found == {"tags": ["dawn", "dusk"], "near": [47.5, -8], "regions": ["north", "south"]}
    assert client.get("/kinds/bird").text == "It sings."
    assert client.get("/kinds/stone").status_code == 404


def test_a_number_is_an_id_and_what_is_none_is_told_in_the_type_of_the_spec(
    client: httpx.Client,
) -> None:
    """By the service, for the gateway knows one type alone; an integer may be of any size."""
    station = {"name": "Reeds", "frame": 10**40, "height": 2.5}
    made = client.post("/stations", json=station).json()
    assert type(made["stationId"]) is int
    place = f"/stations/{made['stationId']}"
    assert client.get(place).json() == made == {**station, "stationId": made["stationId"]}
    assert client.put(place, json={"name": "Mud"}).json()["name"] == "Mud"
    assert client.post("/stations", json={"name": "Sky", "height": 1e39}).status_code == 400
    assert client.delete(place).status_code == 204
    for none, status in ((place, 404), ("/stations/first", 400), (f"/stations/{2**63}", 400)):
        answer = client.get(none)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/json")


def test_the_smoke_test_of_a_deployment_asks_it_too(addresses: Addresses) -> None:
    """Beside the paper's five requests."""

    def where(url: str) -> Address:
        found = httpx.URL(url)
        return Address(found.host, found.port or 80)

    made: list[Made] = []
    processes = {"recordings-service": addresses.service, **addresses.others}
    documents = {n: httpx.get(f"{url}/openapi.json").json() for n, url in processes.items()}
    assert smoke_test(where(addresses.gateway), documents, made.append) == [
        "the five requests are answered, and the order followed its user",
        "recordings-service answers GET /v2/recordings with 200",
    ]
    assert [bool(each.user and each.order) for each in made] == [True]
    with pytest.raises(DeployError, match="the gateway does not answer"):
        smoke_test(Address("127.0.0.1", free_port()), documents, made.append)


def test_fuzzing_through_the_gateway_finds_nothing(
    copy: Copy, addresses: Addresses, tmp_path: Path
) -> None:
    """As anybody would run it: of all operations, without hooks or a configuration of ours."""
    document = f"{addresses.service}/openapi.json"
    command = [
        *(str(copy.folder / ".venv" / "bin" / "st"), "run", document, "--no-color"),
        *(
            "--url",
            f"{addresses.gateway}/v2",
            "--checks",
            "all",
            "--mode",
            "all",
            "--max-examples",
            "25",
        ),
    ]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    (tmp_path / "report").write_text(done.stdout)
    assert done.returncode == 0, done.stdout[-8000:]
    assert re.search(r"16 selected / 16 total", done.stdout), done.stdout
