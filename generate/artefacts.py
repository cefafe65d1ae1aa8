"""Everything that is made from the specs and kept in the repository."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from generate.asyncapi import asyncapi
from generate.compose import compose
from generate.event_handlers import event_handlers, event_orphans
from generate.fields import fields
from generate.insomnia import insomnia
from generate.json_schemas import json_schemas
from generate.methods import methods
from generate.models import models
from generate.observability import observability
from generate.security import key_names
from generate.signatures import signatures
from generate.sources import Sources
from generate.stubs import orphans, stubs
from generate.unenforced import unenforced
from generate.upstreams import upstreams

Files = Mapping[str, str]
"""Texts by their paths in the repository, as `models/user.py`."""


@dataclass(frozen=True)
class Artefact:
    """One kind of file.

    `make` gives all files of the kind. `owns` are patterns of paths that only this kind has: what
    is there and is not made is removed. `orphans` finds what a person has to decide about: in
    files that are written by hand, what has lost its reason; a line each.
    """

    make: Callable[[Sources], Files]
    owns: tuple[str, ...] = ()
    orphans: Callable[[Sources], Iterator[str]] = lambda _: iter(())


ARTEFACTS = (
    Artefact(models, owns=("models/[a-z]*.py",)),
    Artefact(fields, owns=("models/fields/[a-z]*.py",)),
    Artefact(stubs, orphans=orphans),
    Artefact(event_handlers, orphans=event_orphans),
    Artefact(signatures),
    Artefact(json_schemas, owns=("schemas/*_schema.json",)),
    Artefact(asyncapi),
    Artefact(methods),
    Artefact(key_names),
    Artefact(upstreams),
    Artefact(compose),
    Artefact(observability),
    Artefact(unenforced),
    Artefact(insomnia),
)
