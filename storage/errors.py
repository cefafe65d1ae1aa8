"""What storage cannot do."""

from dataclasses import dataclass


@dataclass
class NotFoundError(Exception):
    """There is no document with this id."""

    id: str


@dataclass
class EmailTakenError(Exception):
    """An e-mail address belongs to another user; `index` is its place among those given."""

    index: int
