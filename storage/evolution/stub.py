"""The file that a person begins with, for documents that do not fit any more."""

from storage.contradictions import Misfits

_MISSING, _GONE, _OTHER = " is missing", " is not a field", " is not "

_HEAD = '''"""{title}

What documents hold of a field can be moved (Rename, Split), deleted (Drop) or changed (Transform);
docs/migrations.md says how.
"""

from storage.evolution.changes import {imports}
'''

_TRANSFORM = '''

def change(document: Document) -> dict[str, object]:
    """The fields to set in a document that is not as the specs say now; `{}` in any other."""
    raise NotImplementedError
'''

_TAIL = """

MIGRATION = Migration("{collection}", ({changes},))
"""


def stub(collection: str, misfits: Misfits | None) -> str:
    """A migration of a collection, to be written."""
    reasons = misfits.reasons if misfits else []
    gone = [each.removesuffix(_GONE) for each in reasons if each.endswith(_GONE)]
    others = [each for each in reasons if not each.endswith(_GONE)]
    fields = [*dict.fromkeys(_field(each) for each in others)]
    changes = [f'Drop("{each}")' for each in gone]
    names = ["Drop"] if gone else []
    is_transform = bool(fields) or not gone
    if is_transform:
        listed = "".join(f'"{each}", ' for each in fields).strip()
        changes.append(f"Transform(({listed}), change)")
        names += ["Document", "Transform"]
    lines = [*misfits.lines()] if misfits else [f"A change of {collection}."]
    return (
        _HEAD.format(
            title="\n".join(_wrapped(lines)), imports=", ".join(sorted([*names, "Migration"]))
        )
        + (_TRANSFORM if is_transform else "")
        + _TAIL.format(collection=collection, changes=", ".join(changes))
    )


def _field(reason: str) -> str:
    return reason.removesuffix(_MISSING).split(_OTHER)[0]


def _wrapped(lines: list[str]) -> list[str]:
    """Each in at most 100 characters; the rest of a rule stands in the spec."""
    width = 100
    cut = [each.replace("\\", "/").replace('"', "'") for each in lines]
    first, *rest = [each if len(each) <= width else f"{each[: width - 1]}…" for each in cut]
    return [f"{first[: width - 4]}.", "", *rest] if rest else [first]
