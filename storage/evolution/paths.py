"""Fields of documents by their paths, `a.b` for `b` in `a`."""

from typing import Any

from storage.evolution.changes import ABSENT


def below(path: str, field: str) -> str | None:
    """What of `path` is within `field`: empty for the field itself, `.x` for its `x`, else None."""
    if path == field:
        return ""
    return path[len(field) :] if path.startswith(f"{field}.") else None


def take(document: dict[str, Any], path: str) -> Any:  # noqa: ANN401 - any value
    """Remove what is at `path`, and objects that are empty then; it, or ABSENT."""
    name, _, rest = path.partition(".")
    if name not in document:
        return ABSENT
    if not rest:
        return document.pop(name)
    inner = document[name]
    if not isinstance(inner, dict):
        return ABSENT
    found = take(inner, rest)
    if not inner:
        del document[name]
    return found


def removal(path: str) -> list[dict[str, Any]]:
    """The stages that remove what is at `path`, and objects that are empty then."""
    stages: list[dict[str, Any]] = [{"$unset": path}]
    outer, dot, _ = path.rpartition(".")
    while dot:
        kept = {"$cond": [{"$eq": [f"${outer}", {}]}, "$$REMOVE", f"${outer}"]}
        stages.append({"$set": {outer: kept}})
        outer, dot, _ = outer.rpartition(".")
    return stages


def put(document: dict[str, Any], path: str, value: Any) -> None:  # noqa: ANN401
    """Put `value` at `path`."""
    name, _, rest = path.partition(".")
    if rest:
        put(document.setdefault(name, {}), rest, value)
    else:
        document[name] = value


def copied(value: Any) -> Any:  # noqa: ANN401
    """The same objects and arrays anew; what else they hold cannot be changed."""
    if isinstance(value, dict):
        return {key: copied(each) for key, each in value.items()}
    return [copied(each) for each in value] if isinstance(value, list) else value
