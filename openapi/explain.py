"""What is wrong with a value, from the errors of a JSON Schema validator: where, and what.

Where no branch of a `oneOf` or `anyOf` fits, the branch that its discriminator names is explained,
or else the one that is nearest to fitting.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind

Explained = tuple[list[str | int], str]
"""The keys that lead to what is wrong, and what that is."""

_ONE_LINE = {ord(each): each.encode("unicode_escape").decode() for each in "\n\r\u2028\u2029"}
"""A pattern as it is compiled has them; what is wrong is told in one line."""


def explain(errors: Iterable[ValidationError], schema: Any) -> Iterator[Explained]:  # noqa: ANN401
    """Every error in plain words; `schema` is the whole schema that the validator was made of."""
    for error in errors:
        yield from _one(error, schema)


def _one(error: ValidationError, schema: Any) -> Iterator[Explained]:  # noqa: ANN401
    kind, path = error.kind, [*error.instance_path]
    match kind:
        case (
            ValidationErrorKind.AdditionalProperties() | ValidationErrorKind.UnevaluatedProperties()
        ):
            for name in kind.unexpected:
                yield [*path, name], "is not a property here"
        case ValidationErrorKind.FalseSchema():
            yield path, "must not be there"
        case ValidationErrorKind.Not() if kind.schema == {}:
            yield path, "must not be there"
        case ValidationErrorKind.Not(schema={"required": [*names], **rest}) if not rest:
            yield path, f"must not have {' and '.join(map(str, names))} beside what else is there"
        case ValidationErrorKind.Not():
            yield path, "fits no alternative, or one that is excluded"
        case ValidationErrorKind.OneOfMultipleValid():
            yield path, "fits more than one of the alternatives, and must fit exactly one"
        case ValidationErrorKind.OneOfNotValid() | ValidationErrorKind.AnyOf():
            yield from _branches(error, [[*each] for each in kind.context], schema)
        case _:
            yield path, error.message.translate(_ONE_LINE)


def _branches(
    error: ValidationError,
    branches: Sequence[Sequence[ValidationError]],
    schema: Any,  # noqa: ANN401 - JSON is anything
) -> Iterator[Explained]:
    path = [*error.instance_path]
    owner = _at(schema, error.schema_path[:-1])
    chosen = None
    if isinstance(error.instance, dict) and "discriminator" in owner:
        chosen, misfit = _by_discriminator(owner, str(error.schema_path[-1]), error.instance)
        if misfit is not None:
            yield [*path, owner["discriminator"]["propertyName"]], misfit
            return
    if chosen is None and all(_is_simple(each, path) for each in branches):
        ways = dict.fromkeys(each.message for branch in branches for each in branch)
        yield path, ", or ".join(ways)
        return
    nearest = min(range(len(branches)), key=lambda each: _distance(branches[each], path))
    yield from explain(branches[nearest if chosen is None else chosen], schema)


def _at(schema: Any, keys: Sequence[str | int]) -> Any:  # noqa: ANN401 - JSON is anything
    """The part of a schema at a place, as the library tells it: without the keys that are empty."""
    for key in keys:
        if isinstance(schema, dict) and key not in schema:
            schema = schema.get("", {})
        if isinstance(schema, list) and isinstance(key, int) and key < len(schema):
            schema = schema[key]
        else:
            schema = schema.get(key, {}) if isinstance(schema, dict) else {}
    return schema


def _by_discriminator(
    owner: Mapping[str, Any], keyword: str, instance: Mapping[str, Any]
) -> tuple[int | None, str | None]:
    """Which branch the discriminator names, or what is wrong with its value."""
    name = owner["discriminator"]["propertyName"]
    mapping = owner["discriminator"].get("mapping", {})
    references = [each.get("$ref", "") for each in owner[keyword]]
    known = {each.rpartition("/")[2]: number for number, each in enumerate(references) if each}
    known |= {
        value: references.index(reference)
        for value, reference in mapping.items()
        if reference in references
    }
    if name not in instance:
        return None, "is needed: it says which alternative is meant"
    value = instance[name]
    if not isinstance(value, str) or value not in known:
        meant = [*mapping] or [*known]
        return None, f"names no alternative: use {' or '.join(map(repr, meant))}"
    return known[value], None


def _is_simple(branch: Sequence[ValidationError], path: Sequence[str | int]) -> bool:
    """Whether a branch misses by one thing, about the value as a whole."""
    plain = len(branch) == 1 and [*branch[0].instance_path] == [*path]
    return plain and not hasattr(branch[0].kind, "context")


def _distance(
    branch: Sequence[ValidationError], path: Sequence[str | int]
) -> tuple[bool, int, int]:
    """How far a value is from fitting: another type is farther than a wrong constant, and so on."""
    other_type = any(
        isinstance(each.kind, ValidationErrorKind.Type) and [*each.instance_path] == [*path]
        for each in branch
    )
    constants = sum(
        isinstance(each.kind, ValidationErrorKind.Constant | ValidationErrorKind.Enum)
        for each in branch
    )
    return other_type, constants, len(branch)
