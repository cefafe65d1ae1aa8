"""Who says when a user was created and changed: the one thing in which v1 and v2 differ."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from contract.formats import instant_text, parse_date_time
from models.fields.user import NewUser, User, UserUpdate

SENT = {NewUser.createdAt: User.createdAt, NewUser.updatedAt: User.updatedAt}
"""The fields that this is about: what a client sends, and what is stored."""

UpdateOperators = Mapping[str, Mapping[str, str]]
"""MongoDB's update operators and what they apply to, as it is on the wire."""


class Times(Protocol):
    """Decides about createdAt and updatedAt; both take what the client sent."""

    def of_creation(self, sent: Mapping[str, Any]) -> Mapping[str, str]:
        """The times that a new user is stored with."""

    def of_change(self, sent: Mapping[str, Any]) -> UpdateOperators:
        """What a change does to the times that are stored."""


class ClientTimes:
    """v1: as the client sent them, and nothing where it sent nothing."""

    def of_creation(self, sent: Mapping[str, Any]) -> Mapping[str, str]:
        """Those of createdAt and updatedAt that were sent."""
        return {name: _cut(sent[asked]) for asked, name in SENT.items() if asked in sent}

    def of_change(self, sent: Mapping[str, Any]) -> UpdateOperators:
        """Store updatedAt if it was sent."""
        if UserUpdate.updatedAt not in sent:
            return {}
        return {"$set": {User.updatedAt: _cut(sent[UserUpdate.updatedAt])}}


class ServerTimes:
    """v2: the server's clock, whatever was sent; updatedAt never goes back."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def of_creation(self, _sent: Mapping[str, Any]) -> Mapping[str, str]:
        """Both createdAt and updatedAt, by the server's clock."""
        return dict.fromkeys(SENT.values(), instant_text(self._now()))

    def of_change(self, _sent: Mapping[str, Any]) -> UpdateOperators:
        """Store updatedAt unless what is stored is later."""
        return {"$max": {User.updatedAt: instant_text(self._now())}}


def _cut(sent: str) -> str:
    return instant_text(parse_date_time(sent))
