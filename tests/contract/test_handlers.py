"""The start-up check: handlers and spec agree, or the service does not start."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest
from starlette.responses import Response

from contract.bindable import load_api
from contract.handlers import HandlerMismatchError, bind_handlers
from handlers import orders, users

SPECS = Path(__file__).parents[2] / "specs"


def test_our_handlers_are_those_of_the_specs() -> None:
    """Every operation has its handler, with its parameters."""
    given = {"users": None, "times": None, "link": None}
    assert bind_handlers(load_api(SPECS / "user.yaml"), users, given)
    assert bind_handlers(load_api(SPECS / "order.yaml"), orders, {"orders": None, "link": None})


def module(**functions: object) -> ModuleType:
    """A module of user handlers in which some are other than they should be."""
    made = ModuleType("made")
    vars(made).update({name: value for name, value in vars(users).items() if "user" in name})
    vars(made).update(functions)
    return made


def test_every_difference_is_named() -> None:
    """A missing handler, a parameter too few or too many, a dependency that nobody gives."""

    async def update_user(user_id: str, body: object, *, users: object) -> Response:
        raise NotImplementedError

    async def create_user(body: object, *, mailer: object) -> Response:
        raise NotImplementedError

    wrong = module(update_user=update_user, create_user=create_user, get_user=None)
    with pytest.raises(HandlerMismatchError) as caught:
        bind_handlers(load_api(SPECS / "user.yaml"), wrong, {"users": None})
    assert str(caught.value).splitlines() == [
        "made: create_user (POST /users/) asks for `mailer`, nobody gives it",
        "made: get_user (GET /users/{id}) has no handler: write `async def get_user(…)`",
        "made: update_user (PUT /users/{id}) lacks the parameter `id`",
        "made: update_user (PUT /users/{id}) has a parameter `user_id`, the spec has none",
    ]


def test_a_handler_that_blocks_is_none() -> None:
    """A plain function would stall all other requests."""

    def get_user(id: str) -> Response:  # noqa: A002 - the spec's name
        raise NotImplementedError

    with pytest.raises(HandlerMismatchError, match=r"get_user .* has no handler"):
        bind_handlers(
            load_api(SPECS / "user.yaml"),
            module(get_user=get_user),
            {"users": None, "times": None, "link": None},
        )


def test_an_answer_that_cannot_be_is_named_at_the_start() -> None:
    """None where every success has a body, and a handler that yields what it should return."""

    async def get_user(id: str) -> None:  # noqa: A002
        raise NotImplementedError

    async def update_user(**_: object) -> AsyncIterator[bytes]:
        yield b""

    with pytest.raises(HandlerMismatchError) as caught:
        bind_handlers(
            load_api(SPECS / "user.yaml"),
            module(get_user=get_user, update_user=update_user),
            {"users": None, "times": None, "link": None},
        )
    returns = "(GET /users/{id}) returns"
    assert str(caught.value).splitlines() == [
        f"made: get_user {returns} None, and the spec declares no success without a body",
        "made: update_user (PUT /users/{id}) yields its answer: return a generator that does",
    ]
