"""Typed models for the handlers, from the specs: a class or an alias for each schema.

What an object is depends on what its schema says: with properties it is a `TypedDict`, without any
a `dict`. Where a part is `readOnly` or `writeOnly` there are models for both sides of the wire
too: `Thing` is what is stored, `ThingRequest` what a handler is given, `ThingResponse` what it
answers.
"""

import keyword
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain, count
from textwrap import indent

from generate.form_files import with_files
from generate.formatting import docstring, formatted
from generate.shapes import NEVER, Anything, Array, Named, Object, Scalar, Shape, Shapes, Value
from generate.sources import Sources
from openapi.description import Description, JsonSchema
from openapi.names import class_name, class_names
from openapi.schemas import Reach, referred
from openapi.views import View, composed

HEADER = '"""Generated from specs/{name}.yaml. Edit that, then `make generate`."""'

_FILE = "UploadedFile"
_TYPES = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
}
_USED = {*_TYPES.values(), _FILE, "dict", "list", "Any", "Literal", "Never", "NotRequired"}
"""Names in annotations, beside those of models."""


def models(sources: Sources) -> dict[str, str]:
    """`models/NAME.py` for each API, and for the events."""
    return {
        path: formatted(models_of(description, name), path, sources.root)
        for name, description in sources.modules.items()
        for path in (f"models/{name}.py",)
    }


def models_of(description: Description, spec: str) -> str:
    """The text of the module, before it is formatted; `spec` is the name of the spec's file."""
    return f"{HEADER.format(name=spec)}\n\n{Models(description).text()}"


@lru_cache(maxsize=16)
def model_names(description: Description) -> Mapping[tuple[str, View], str]:
    """The model of each schema as each side of the wire sees it, by the schema's name."""
    schemas = description.schemas
    wishes = {
        (name, view): f"{name} {view.name.lower()}"
        for view, used in _used(description).items()
        for name in filter(_hiding(schemas, view), used)
    }
    given = class_names([*schemas, *wishes.values()])
    return {
        (name, view): given[wishes.get((name, view), name)] for name in schemas for view in View
    }


def _hiding(schemas: Mapping[str, JsonSchema], view: View) -> Callable[[str], bool]:
    """Whether a schema has, at any depth, a property that is nothing for this side of the wire."""

    def hides(schema: JsonSchema) -> bool:
        properties = schema.get("properties", {}).values()
        return any(any(composed(each, view.value[0], schemas)) for each in properties)

    reach = Reach(schemas, hides)
    return lambda name: reach(schemas[name])


def _used(description: Description) -> Mapping[View, Iterable[str]]:
    """The schemas that bodies and answers are made of."""
    found: dict[View, dict[str, None]] = {View.REQUEST: {}, View.RESPONSE: {}}
    for operation in description.operations:
        bodies = [operation.body] if operation.body else []
        sides = ((View.REQUEST, bodies), (View.RESPONSE, operation.responses.values()))
        for view, messages in sides:
            for content in (each for message in messages for each in message.content.values()):
                found[view] |= dict.fromkeys(referred(content.schema, description.schemas))
    return found


class Models:
    """Writes the models of an API. What none of the others is needed for comes first.

    `file` is what a file in a form is called, and the line that imports it.
    """

    def __init__(
        self,
        description: Description,
        file: tuple[str, str] = (_FILE, f"from contract.bodies.files import {_FILE}"),
    ) -> None:
        self._description, self._names, self._file = description, model_names(description), file
        schemas = with_files(description)
        self._shapes = {view: Shapes(schemas, view) for view in View}
        self._taken = {*self._names.values()}
        self._texts: dict[str, str] = {}
        self._typing: set[str] = set()
        self._mentioned: set[str] = set()
        self._write()

    @property
    def names(self) -> frozenset[str]:
        """The models so far."""
        return frozenset(self._texts)

    def type_of(self, schema: JsonSchema, hint: str, view: View) -> str:
        """The type of a schema that need have no name; what it needs becomes a model, by `hint`."""
        return self._expression(self._shapes[view].of(schema), hint, view)

    def _write(self) -> None:
        # Where both sides see what is stored, that is what the model is written from: it is last.
        by_model = {model: key for key, model in self._names.items()}
        shapes = {model: self._shapes[view].named(name) for model, (name, view) in by_model.items()}
        for model in sorted(shapes, key=lambda each: not _is_plain(shapes[each])):
            name, view = by_model[model]
            text = self._description.schemas[name].get("description", "")
            self._model(model, shapes[model], view, text)

    def text(self) -> str:
        """Imports and models."""
        imports = f"from typing import {', '.join(sorted(self._typing))}\n" * bool(self._typing)
        name, line = self._file
        if any(re.search(rf"\b{name}\b", each) for each in self._texts.values()):
            imports = f"{imports}{line}\n"
        return "\n\n".join(("from __future__ import annotations", imports, *self._texts.values()))

    def _model(self, model: str, shape: Shape, view: View, text: str) -> None:
        said = [each for each in shape if not isinstance(each, Anything)]
        if len(said) == 1 and isinstance(said[0], Object) and _has_class(said[0]):
            self._class(model, said[0], view, text)
            return
        self._mentioned = set()
        expression = self._expression(shape, model, view, text)
        if not self._mentioned <= self._texts.keys():
            expression = repr(expression)
        self._typing.add("TypeAlias")
        self._texts[model] = f"{model}: TypeAlias = {expression}\n{docstring(text) if text else ''}"

    def _class(self, model: str, shape: Object, view: View, text: str) -> None:
        fields, mentioned = {}, {*self._mentioned}
        for name, field in shape.fields.items():
            if not field.absent:
                kind = self._expression(field.shape, f"{model}{class_name(name)}", view)
                fields[name] = kind if field.required else f"NotRequired[{kind}]"
                self._typing |= set() if field.required else {"NotRequired"}
        self._mentioned = mentioned  # types of fields are looked up when they are needed
        self._typing.add("TypedDict")
        self._texts[model] = (
            _by_statements(model, fields, text)
            if all(self._may_be_written(name) for name in fields)
            else _by_call(model, fields, text)
        )

    def _may_be_written(self, name: str) -> bool:
        """Whether a field may stand as a name in a class, and hides none that is used there."""
        plain = name.isascii() and name.isidentifier() and not keyword.iskeyword(name)
        return plain and not name.startswith("__") and name not in _USED and name not in self._taken

    def _expression(self, shape: Shape, hint: str, view: View, text: str = "") -> str:
        """A shape as the type in an annotation; its objects become classes called by the hint."""
        # Properties or items without a type are hardly ever meant to let any other value through.
        said = [each for each in shape if not isinstance(each, Anything)]
        if not said:
            name = "Any" if shape else "Never"
            self._typing.add(name)
            return name
        values = [repr(each.value) for each in said if isinstance(each, Value)]
        if values:
            self._typing.add("Literal")
        classes = [each for each in said if isinstance(each, Object) and _has_class(each)]
        hints = iter([f"{hint}{n}" for n, _ in enumerate(classes, 1)] if classes[1:] else [hint])
        literal = [f"Literal[{', '.join(values)}]"] if values else []
        types = [*literal]
        for each in said:
            match each:
                case Scalar(kind):
                    types.append(self._file[0] if kind == "file" else _TYPES[kind])
                case Named(name):
                    types.append(self._names[name, view])
                    self._mentioned.add(types[-1])
                case Array(items):
                    types.append(f"list[{self._expression(items, f'{hint}Item', view)}]")
                case Object():
                    types.append(self._object(each, hints, hint, view, text))
        ordered = sorted(dict.fromkeys(types), key=lambda each: each == "None")
        return " | ".join(ordered)

    def _object(self, shape: Object, hints: Iterator[str], hint: str, view: View, text: str) -> str:
        if not _has_class(shape):
            return f"dict[str, {self._expression(shape.others, f'{hint}Value', view)}]"
        wish = next(hints)
        names = chain((wish,), (f"{wish}{number}" for number in count(2)))
        model = next(name for name in names if name not in self._taken)
        self._taken.add(model)
        self._class(model, shape, view, text)
        self._mentioned.add(model)
        return model


def _is_plain(shape: Shape) -> bool:
    return all(isinstance(each, Anything | Scalar | Value) for each in shape)


def _has_class(shape: Object) -> bool:
    """Whether it has properties of its own, or none at all; any other is a mapping."""
    return bool(shape.fields) or shape.others == NEVER


def _by_statements(model: str, fields: Mapping[str, str], text: str) -> str:
    lines = [docstring(text), ""] if text else []
    lines += [f"{name}: {kind}" for name, kind in fields.items()]
    return f"class {model}(TypedDict):\n" + indent("\n".join(lines) or "pass", "    ") + "\n"


def _by_call(model: str, fields: Mapping[str, str], text: str) -> str:
    """As some of the fields are no names."""
    types = ", ".join(f"{name!r}: {kind!r}" for name, kind in fields.items())
    return f"{model} = TypedDict({model!r}, {{{types}}})\n{docstring(text) if text else ''}\n"
