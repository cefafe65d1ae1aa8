"""`style: deepObject`: `color[R]=100`, nested as deep as a query is long.

OpenAPI leaves it open how arrays are written within: `a[]=1&a[]=2`, `a[0]=1&a[1]=2` and
`a=1&a=2` are all read, and so is any of them in `a[b]`.
"""

import re
from collections.abc import Iterable
from typing import Any

from contract.parameters.styles import Misfit

MAX_DEPTH = 32
"""As many brackets as a name may have."""

_NAME = re.compile(r"([^\[\]]*)((?:\[[^\[\]]*\])+)")


def base_of(name: str) -> str | None:
    """The name before the brackets; None where it has none, or such as are not closed."""
    match = _NAME.fullmatch(name)
    return None if match is None else match[1]


def tree(base: str, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The values by the names in their brackets; each leaf is the list of its texts.

    Raises:
        Misfit: A name has a value and properties, too, or too many brackets.
    """
    root: dict[str, Any] = {}
    for name, text in pairs:
        *above, last = name[len(base) + 1 : -1].split("][")
        if len(above) >= MAX_DEPTH:
            raise Misfit(f"has a name of more than {MAX_DEPTH} brackets")
        node = root
        for key in above:
            node = node.setdefault(key, {})
            if not isinstance(node, dict):
                raise Misfit(f"{name} is there, and a value without the last brackets, too")
        leaf = node.setdefault(last, [])
        if not isinstance(leaf, list):
            raise Misfit(f"{name} has a value, and properties, too")
        leaf.append(text)
    return root


def as_array(node: dict[str, Any]) -> list[Any] | dict[str, Any]:
    """The elements, where the names in the brackets are `[]`, or `[0]`, `[1]` and so on."""
    if [*node] == [""]:
        return [*node[""]] if isinstance(node[""], list) else [node[""]]
    numbers = {str(number) for number in range(len(node))}
    return [node[each] for each in sorted(node, key=int)] if node.keys() == numbers else node
