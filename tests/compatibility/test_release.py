"""The gate between the specs and their last release, and how a release moves it."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from generate.published import published_document
from generate.release import ReleaseError, release, standings
from services.reading import declared, read
from tests.compatibility.editing import SCHEMAS, Edit, append, both, drop, put

ROOT = Path(__file__).parents[2]
Change = Callable[..., None]


@pytest.fixture
def repository(specs_alone: Path) -> Path:
    """The specs as they are, released as they are, where they can be changed."""
    shutil.rmtree(specs_alone / "specs" / "released")
    release(specs_alone)
    return specs_alone


@pytest.fixture
def change(repository: Path) -> Change:
    """Edits one of the specs."""

    def write(api: str, *edits: Edit) -> None:
        file = repository / "specs" / f"{api}.yaml"
        document = yaml.safe_load(file.read_text("utf-8"))
        both(*edits)(document)
        file.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")

    return write


EVENT = (*SCHEMAS, "UserContactsChanged")


@pytest.mark.parametrize(
    "edit",
    [
        put(*EVENT, "required", value=["userId", "userEmails", "version"]),
        put(*EVENT, "required", value=["userId", "userEmails", "deliveryAddress"]),
        drop(*SCHEMAS, "UserCreated", "properties", "userEmails"),
        put(*EVENT, "properties", "version", value={"type": "string"}),
        put(*SCHEMAS, "Version", "maximum", value=1000),
        put(*SCHEMAS, "Version", "minimum", value=-1),
    ],
    ids=["left-out", "optional", "gone", "other-type", "narrower", "wider"],
)
def test_what_an_older_or_a_newer_process_could_not_read_needs_a_new_version_of_the_events(
    repository: Path, change: Change, edit: Edit
) -> None:
    """Old followers read new events, and new ones what is still in a queue."""
    change("events", edit)
    with pytest.raises(ReleaseError, match=r"events: what breaks .* needs info\.version"):
        require_all_allowed(repository)


def test_an_event_may_say_more_and_there_may_be_more_events(
    repository: Path, change: Change
) -> None:
    """Followers ignore what they do not know, although the schema is closed."""
    note = {"type": "string", "maxLength": 9}
    change("events", put(*SCHEMAS, "UserCreated", "properties", "lastNote", value=note))
    (events,) = (each for each in standings(repository) if each.api == "events")
    assert events.changed
    assert not events.breaks
    events.require_allowed()


def version(number: str) -> Edit:
    """Another info.version."""
    return put("info", "version", value=number)


BREAK = drop("paths", "/orders/{id}", "get")
ADDITION = put(*SCHEMAS, "NewOrder", "properties", "note", value={"type": "string", "maxLength": 9})


def require_all_allowed(repository: Path) -> None:
    """The gate."""
    for each in standings(repository):
        each.require_allowed()


def test_these_specs_break_no_client_of_the_last_release() -> None:
    """The gate itself, on this repository."""
    apis = {each.api for each in declared().with_clients}
    assert {each.api for each in standings(ROOT)} == {*apis, "events"}
    require_all_allowed(ROOT)


def test_what_was_released_is_what_clients_may_know(repository: Path) -> None:
    """It is read back as it was, without anything internal."""
    for service in read(repository).with_clients:
        text = (repository / "specs" / "released" / f"{service.api}.yaml").read_text("utf-8")
        assert yaml.safe_load(text) == published_document(service.spec)
        assert "x-internal" not in text
    assert not [each for each in standings(repository) if each.changed]


def test_a_break_needs_the_next_major_version(repository: Path, change: Change) -> None:
    """It is refused, with what breaks, until the version says so."""
    change("order", BREAK)
    with pytest.raises(ReleaseError, match=r"order: .* needs info\.version 2\.0\.0") as caught:
        require_all_allowed(repository)
    assert "Operation `GET /orders/{id}` was removed" in str(caught.value)
    for number in ("1.0.1", "1.1.0"):
        change("order", version(number))
        with pytest.raises(ReleaseError, match=re.escape(number)):
            require_all_allowed(repository)
    change("order", version("2.0.0"))
    require_all_allowed(repository)


def test_a_break_of_one_api_does_not_pass_with_the_version_of_the_other(
    repository: Path, change: Change
) -> None:
    """Each has its own."""
    change("order", BREAK)
    change("user", version("2.0.0"))
    with pytest.raises(ReleaseError, match="order"):
        require_all_allowed(repository)


def test_an_addition_passes_and_is_released_with_a_version_of_its_own(
    repository: Path, change: Change
) -> None:
    """While it is being made it needs no version; to release it does."""
    change("order", ADDITION)
    require_all_allowed(repository)
    with pytest.raises(ReleaseError, match=r"order 1\.0\.0 is released already"):
        release(repository)
    change("order", version("1.1.0"))
    release(repository)
    found = {each.api: (each.released, each.changed) for each in standings(repository)}
    assert (found["user"], found["order"]) == (("1.0.0", False), ("1.1.0", False))


def test_what_was_added_is_held_from_the_next_release_on(repository: Path, change: Change) -> None:
    """To take it back is no break before its release, and one after it."""
    change("order", ADDITION)
    take_back = drop(*SCHEMAS, "NewOrder", "properties", "note")
    change("order", take_back)
    require_all_allowed(repository)
    change("order", ADDITION, version("1.1.0"))
    release(repository)
    change("order", take_back)
    with pytest.raises(ReleaseError, match="note"):
        require_all_allowed(repository)


def test_a_version_never_goes_back(repository: Path, change: Change) -> None:
    """Not even where nothing else changed."""
    change("user", version("0.9.0"))
    with pytest.raises(ReleaseError, match="lower than the last release"):
        require_all_allowed(repository)


@pytest.mark.parametrize("number", ["1.0", "v1.0.1", "1.0.1-rc.1", "01.0.0"])
def test_a_version_is_three_numbers(repository: Path, change: Change, number: str) -> None:
    """What PyPI, npm and the registry all take."""
    change("user", version(number))
    with pytest.raises(ReleaseError, match="must be like"):
        require_all_allowed(repository)


def test_all_are_released_or_none(repository: Path, change: Change) -> None:
    """The user API's new version waits until the order API's is right too."""
    before = (repository / "specs" / "released" / "user.yaml").read_text("utf-8")
    change("user", version("1.0.1"))
    change("order", BREAK)
    with pytest.raises(ReleaseError):
        release(repository)
    assert (repository / "specs" / "released" / "user.yaml").read_text("utf-8") == before


def test_what_is_shared_breaks_both(repository: Path) -> None:
    """A limit in shared.yaml is one of the user API and one of the order API."""
    file = repository / "specs" / "shared.yaml"
    document = yaml.safe_load(file.read_text("utf-8"))
    append("planet", *SCHEMAS, "DeliveryAddress", "required")(document)
    put(*SCHEMAS, "DeliveryAddress", "properties", "planet", value={"type": "string"})(document)
    file.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    found = {each.api: len(each.breaks) for each in standings(repository)}
    assert found["user"] == found["order"] == 1
