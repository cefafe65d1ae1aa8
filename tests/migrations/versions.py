"""Five versions of the system after one another, each with another change of what is stored."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_HEAD = "from storage.evolution.changes import {}\n\n"


@dataclass(frozen=True)
class Version:
    """What changes: of `specs/order.yaml`, each text once by the other; and the migration."""

    name: str
    edits: Sequence[tuple[str, str]] = ()
    migration: str = ""

    def lay_over(self, folder: Path, number: int) -> None:
        """Make the change in a copy of the version before."""
        spec = folder / "specs" / "order.yaml"
        text = spec.read_text("utf-8")
        for before, after in self.edits:
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        spec.write_text(text, "utf-8")
        if self.migration:
            (folder / "migrations" / f"{number:04}_{self.name}.py").write_text(self.migration)


_CREATED = "          default: under process\n"
_ANSWERED = "        orderStatus: {$ref: '#/components/schemas/OrderStatus'}\n        createdAt"
_REQUIRED = "required: [orderId, items, userEmails, deliveryAddress, orderStatus, createdAt"
_NOTE = "        giftNote: {$ref: 'shared.yaml#/components/schemas/Text'}\n"
_CHANNEL = "        channel: {type: string, maxLength: 20, description: Where it was ordered.}\n"
_REFERENCE = (
    "        reference: {type: string, maxLength: 20, pattern: '^[A-Za-z0-9-]{1,20}$',\n"
    "                    description: The client's own.}\n"
)
_FIELDS = _NOTE + _CHANNEL + _REFERENCE

FIRST = Version(
    "first",
    [
        (_CREATED, _CREATED + _FIELDS),
        (_ANSWERED, _ANSWERED.replace("        createdAt", _FIELDS + "        createdAt")),
    ],
)

RENAME = Version(
    "rename_status",
    migration=_HEAD.format("Migration, Rename")
    + 'MIGRATION = Migration("orders", (Rename("orderStatus", "status"),))\n',
)

SPLIT = Version(
    "split_address",
    migration=_HEAD.format("Migration, Split")
    + """
def split(address):
    place = {name: value for name, value in address.items() if name != "street"}
    return {"street": address["street"], "place": place}


def join(parts):
    return {"street": parts["street"], **parts["place"]}


INTO = {"street": {"bsonType": "string"}, "place": {"bsonType": "object"}}
MIGRATION = Migration("orders", (Split("deliveryAddress", INTO, split, join),))
""",
)

REQUIRE = Version(
    "require_channel",
    [
        (_CREATED + _NOTE + _CHANNEL, _CREATED + _NOTE + _CHANNEL.replace("}", ", default: web}")),
        (_REQUIRED, _REQUIRED.replace("createdAt", "channel, createdAt")),
    ],
    migration=_HEAD.format("Migration, Transform")
    + """
def channel(order):
    return {} if "channel" in order else {"channel": "web"}


MIGRATION = Migration("orders", (Transform(("channel",), channel),))
""",
)

PATTERN = Version(
    "plain_references",
    [
        (
            _CHANNEL.replace("}", ", default: web}") + _REFERENCE,
            _CHANNEL.replace("}", ", default: web}") + _REFERENCE.replace("A-Za-z0-9-", "A-Z0-9"),
        ),
        (_CHANNEL + _REFERENCE, _CHANNEL + _REFERENCE.replace("A-Za-z0-9-", "A-Z0-9")),
    ],
    migration=_HEAD.format("Migration, Transform")
    + """
def plain(order):
    found = order.get("reference")
    wanted = found and found.replace("-", "").upper()
    return {} if found == wanted else {"reference": wanted}


MIGRATION = Migration("orders", (Transform(("reference",), plain),))
""",
)

DROP = Version(
    "drop_gift_note",
    [
        (_CREATED + _NOTE, _CREATED),
        (_ANSWERED.replace("        createdAt", _NOTE), _ANSWERED.replace("        createdAt", "")),
    ],
    migration=_HEAD.format("Drop, Migration")
    + 'MIGRATION = Migration("orders", (Drop("giftNote"),))\n',
)

CHANGES = (RENAME, SPLIT, REQUIRE, PATTERN, DROP)


def copies(folder: Path) -> Iterator[Path]:
    """A folder with what an image holds, for the first version and after each change."""
    before = image(folder / "0")
    FIRST.lay_over(before, 0)
    yield before
    for number, version in enumerate(CHANGES, 1):
        copy = shutil.copytree(before, folder / str(number))
        version.lay_over(copy, number)
        yield copy
        before = copy


def image(target: Path, *more: str) -> Path:
    """A copy of what an image holds, and more folders."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    for name in (*(line[1:] for line in lines if line.startswith("!")), *more):
        source = ROOT / name
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target / name)
    for each in (target / "migrations").glob("[0-9]*.py"):
        each.unlink()
    return target
