"""The names of properties as constants, for queries, updates and indexes, which no type checks.

`Order.orderStatus` is `"orderStatus"`. Where the spec gives the property another name, or none, the
constant is gone, and the type check tells each place that says it.
"""

from collections.abc import Iterator

from generate.formatting import formatted
from generate.shapes import Alternative, Array, Named, Object, Shape, Shapes
from generate.sources import Sources
from openapi.description import Description
from openapi.names import attribute_names, class_name
from openapi.views import View

_HEAD = '''"""Generated from specs/{name}.yaml. Edit that, then `make generate`."""

from typing import Final
'''


def fields(sources: Sources) -> dict[str, str]:
    """`models/fields/NAME.py` for each API, and for the events."""
    return {
        path: formatted(_HEAD.format(name=name) + _classes(description), path, sources.root)
        for name, description in sources.modules.items()
        for path in (f"models/fields/{name}.py",)
    }


def _classes(description: Description) -> str:
    """A class for each schema with properties, and for each object within one."""
    shapes = Shapes(description.schemas, View.PLAIN)
    taken = {*description.class_names.values()}
    texts = []
    for name, model in description.class_names.items():
        for place, (hint, properties) in enumerate(_objects(_alternatives(shapes, name), model)):
            if place and hint in taken:
                continue  # what stands within has no name of its own then
            taken.add(hint)
            constants = zip(attribute_names(properties), properties, strict=True)
            lines = "".join(f"    {each}: Final = {name!r}\n" for each, name in constants)
            texts.append(f"\n\nclass {hint}:\n{lines}")
    return "".join(texts)


def _alternatives(shapes: Shapes, name: str, *above: str) -> Shape:
    """The shape of a schema; in the place of schemas that it may be one of, theirs."""
    found: list[Alternative] = []
    for each in shapes.named(name):
        if isinstance(each, Named) and each.name not in (name, *above):
            found += _alternatives(shapes, each.name, name, *above)
        else:
            found.append(each)
    return tuple(found)


def _objects(shape: Shape, hint: str) -> Iterator[tuple[str, list[str]]]:
    """The properties of the objects that a value may be, then those of objects within it."""
    objects = [each for each in shape if isinstance(each, Object)]
    found = {name: field for each in objects for name, field in each.fields.items()}
    if found:
        yield hint, [*found]
    for name, field in found.items():
        yield from _objects(field.shape, f"{hint}{class_name(name)}")
    for each in shape:
        if isinstance(each, Array):
            yield from _objects(each.items, f"{hint}Item")
    for each in objects:
        yield from _objects(each.others, f"{hint}Value")
