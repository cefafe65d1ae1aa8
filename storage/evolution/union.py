"""The validator while two versions run: what either may write is let in, field by field."""

from typing import Any

from storage.client import Json

_MERGED = ("properties", "required", "additionalProperties")


def union(old: Json, new: Json) -> Json:
    """The `$jsonSchema` that lets in what `old` or `new` does.

    A document that both versions have written may have some fields as one has them and some as
    the other: so each field may be either, and what must be there is what both demand. Of the
    other keywords of the whole those stay that both have.
    """
    if old == new:
        return new
    both = {
        key: value for key, value in new.items() if key not in _MERGED and old.get(key) == value
    }
    one, other = old.get("properties", {}), new.get("properties", {})
    both["properties"] = {
        name: _either(one[name], other[name])
        if name in one and name in other
        else one.get(name, other.get(name))
        for name in {**one, **other}
    }
    required = [each for each in new.get("required", ()) if each in old.get("required", ())]
    if required:
        both["required"] = required
    others = old.get("additionalProperties", True), new.get("additionalProperties", True)
    if others[0] == others[1] and others[0] is not True:
        both["additionalProperties"] = others[0]
    return both


def _either(one: Json, other: Json) -> Json:
    options: list[Any] = []
    for each in (*_options(one), *_options(other)):
        if each not in options:
            options.append(each)
    return options[0] if len(options) == 1 else {"anyOf": options}


def _options(schema: Json) -> list[Json]:
    """What a schema lets in, as parts."""
    return [*schema["anyOf"]] if [*schema] == ["anyOf"] else [schema]
