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
from collections import Counter
from collections.abc import Iterable, Mapping
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


def parameter_names(parameters: Iterable[tuple[str, str]], *, has_body: bool) -> list[str]:
    """The names of an operation's parameters, each given by its location and its name.

    Where two would be the same, or one `body` beside a body, the parameter of the path keeps the
    name, and the others say where they are from: `id_query`.
    """
    wishes = [(location, identifier(name)) for location, name in parameters]
    taken = Counter(name for _, name in wishes)
    taken["body"] += has_body
    in_path = Counter(name for location, name in wishes if location == "path")
    return [
        name
        if taken[name] == 1 or (location == "path" and in_path[name] == 1)
        else f"{name}_{location}"
        for location, name in wishes
    ]


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
    taken = {name for name in names if class_name(name) == name}
    given = {name: name for name in taken}
    for name in names:
        if name not in given:
            wish = class_name(name)
            numbered = (f"{wish}{number}" for number in count(2))
            given[name] = wish if wish not in taken else next(n for n in numbered if n not in taken)
            taken.add(given[name])
    return {name: given[name] for name in names}


def _ascii(name: str) -> str:
    """The name without accents; what has no ASCII letter becomes its code."""
    letters = unicodedata.normalize("NFKD", name)
    return "".join(
        each if each.isascii() else f"u{ord(each):04x}"
        for each in letters
        if not unicodedata.combining(each)
    )
