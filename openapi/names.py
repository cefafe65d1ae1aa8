"""The one rule by which names of a spec become names of Python.

A name that can be one stays as it is. In others, whatever is neither letter nor digit becomes an
underscore and accents are dropped. What means something to Python gets an underscore at its end:
`X-Request-Id` is `X_Request_Id`, `page[size]` is `page_size`, `class` is `class_`. The name of a
class is made of the capitalised words: `orderStatus` is `OrderStatus`.
"""

import builtins
import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from itertools import count

_KEYWORDS = {*keyword.kwlist, "self"}
_BUILTINS = {*dir(builtins)}
_TYPING = {
    *("Annotated", "Any", "Dict", "FrozenSet", "Generic", "List", "Literal", "Mapping", "Never"),
    *("NotRequired", "Optional", "ReadOnly", "Required", "Sequence", "Set", "Tuple", "TypeAlias"),
    *("TypedDict", "Union", "Unpack"),
}
"""What generated models import, or what their generator takes for such."""


def identifier(name: str) -> str:
    """The name of a parameter."""
    plain = name if name.isascii() else _ascii(name)
    if not plain.isidentifier():
        plain = re.sub(r"\W+", "_", plain, flags=re.ASCII).strip("_")
    if not plain or plain[0].isdigit():
        plain = f"n{plain}"
    return f"{plain}_" if plain in _KEYWORDS else plain


def snake_case(name: str) -> str:
    """The name of a function for what has the name of a class: `UserCreated` is `user_created`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", identifier(name))
    return identifier(words.lower())


def body_arguments(media_types: Collection[str]) -> tuple[str, ...]:
    """The names of what a handler is given for a body that may be of these types."""
    has_choice = len(media_types) > 1 or any("*" in each for each in media_types)
    return ("body", "content_type") if has_choice else ("body",)


def parameter_names(
    parameters: Iterable[tuple[str, str]], of_body: Iterable[str] = ()
) -> list[str]:
    """The names of an operation's parameters, each given by its location and its name.

    Where two places would give the same, the parameter of the path keeps the name, and the others
    say where they are from: `id_query`; where it is one of the body's, all do. Where one place
    would give the same, they are numbered: `Start` and `Start<` are `Start` and `Start2`.
    """
    parameters = [*parameters]
    wishes = [identifier(name) for _, name in parameters]
    taken, places = {*of_body}, dict[str, set[str]]()
    for (location, _), wish in zip(parameters, wishes, strict=True):
        places.setdefault(wish, set()).add(location)
    plain = {
        (location, wish)
        for wish, found in places.items()
        for location in found
        if wish not in taken and (location == "path" or len(found) == 1)
    }
    return distinct(
        (name, wish if (location, wish) in plain else f"{wish}_{location}")
        for (location, name), wish in zip(parameters, wishes, strict=True)
    )


def distinct(wishes: Iterable[tuple[str, str]]) -> list[str]:
    """Each wish, or where another has it already, a number after it.

    Args:
        wishes: What the spec says, and what Python would call it. Who wishes for the very name
            that the spec says gets it; the others give way, in their order.
    """
    wishes = [*wishes]
    taken = {wish for name, wish in wishes if name == wish}
    given = []
    for name, wish in wishes:
        numbered = (f"{wish}{number}" for number in count(2))
        is_free = name == wish or wish not in taken
        given.append(wish if is_free else next(each for each in numbered if each not in taken))
        taken.add(given[-1])
    return given


def attribute_names(names: Iterable[str]) -> list[str]:
    """The names of a class's constants, one for each property; the first of two keeps its name."""
    given: list[str] = []
    for name in names:
        wish = identifier(name)
        wish = f"n{wish}" if wish.startswith("__") else wish  # which a class would change
        numbered = (f"{wish}_{number}" for number in count(2))
        given.append(wish if wish not in given else next(n for n in numbered if n not in given))
    return given


def function_name(name: str) -> str:
    """The name of a handler: no builtin either, for modules use those."""
    plain = identifier(name)
    return f"{plain}_" if plain in _BUILTINS else plain


def function_names(operations: Iterable[tuple[str, str, str | None]]) -> list[str]:
    """The names of the handlers of operations: method, path and operationId of each."""
    return distinct(
        (f"{method} {path}", function_name(operation_id(method, path)))
        if name is None
        else (name, function_name(name))
        for method, path, name in operations
    )


def operation_id(method: str, path: str) -> str:
    """The name of an operation to which the spec gives none: `get_users_id`."""
    return "_".join([method.lower(), *re.findall(r"[A-Za-z0-9]+", _ascii(path))])


def class_name(name: str) -> str:
    """The name of a model."""
    words = re.findall(r"[A-Za-z0-9]+", _ascii(name))
    plain = "".join(word[0].upper() + word[1:] for word in words) or "Model"
    if plain[0].isdigit():
        plain = f"Model{plain}"
    reserved = _TYPING | _BUILTINS | _KEYWORDS
    return f"{plain}Model" if plain in reserved else plain


def class_names(names: Iterable[str]) -> Mapping[str, str]:
    """The model of each schema. A name that is a class's own is kept; the others give way to it."""
    names = [*names]
    given = distinct((name, class_name(name)) for name in names)
    return dict(zip(names, given, strict=True))


def _ascii(name: str) -> str:
    """The name without accents; what has no ASCII letter becomes its code."""
    letters = unicodedata.normalize("NFKD", name)
    return "".join(
        each if each.isascii() else f"u{ord(each):04x}"
        for each in letters
        if not unicodedata.combining(each)
    )
