"""What RabbitMQ says of itself by its refusals, in sentences that say what to do."""

import re
from collections.abc import Callable

import pika
from pika.exceptions import (
    ChannelClosedByBroker,
    ConnectionClosedByBroker,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from health.problems import Problem
from messaging.broker import BrokerError, Unconfirmed

CONNECTING = Problem(
    "There is no connection to RabbitMQ yet.", "Wait: one is being made, again if it was lost."
)

_SET_UP = "`python -m aware setup rabbitmq`"

_LOGIN = Problem(
    "RabbitMQ refuses the login: RABBITMQ_PASSWORD is not the password of RABBITMQ_USER, or there "
    "is no such login.",
    f"Start the process with the password that RabbitMQ has, or set RabbitMQ up with this one: "
    f"{_SET_UP}.",
)


def _permission(kind: str, name: str) -> Problem:
    return Problem(
        f"RABBITMQ_USER lacks a permission on the {kind} {name}.", f"Give it back: {_SET_UP}."
    )


def _virtual_host(name: str) -> Problem:
    return Problem(
        f"RABBITMQ_USER has no permissions in RabbitMQ's virtual host {name}.",
        f"Give them back: {_SET_UP}.",
    )


def _other(argument: str, kind: str, name: str, values: str) -> Problem:
    return Problem(
        f"The {kind} {name} is not as it is declared: {argument} differs, {values}.",
        f"Delete the {kind} once it is empty, and it is made as it should be within seconds.",
    )


def _unknown_kind(kind: str) -> Problem:
    plugin = f"rabbitmq_{kind.removeprefix('x-').replace('-', '_')}_exchange"
    return Problem(
        f"RabbitMQ knows no exchanges of the kind {kind}.",
        f"Enable its plugin: `rabbitmq-plugins enable {plugin}`.",
    )


def _certificate(reason: str) -> Problem:
    return Problem(
        f"RABBITMQ_CA does not vouch for RabbitMQ's certificate: {reason}.",
        "Set it to the certificate of who signed that one, which must be for a host that "
        "RABBITMQ_HOST names.",
    )


_NO_TLS = Problem(
    "RabbitMQ does not speak TLS at RABBITMQ_PORT, and RABBITMQ_CA is set.",
    "Set the port of `listeners.ssl`, or leave RABBITMQ_CA out.",
)

_BY_TEXT: tuple[tuple[str, Callable[..., Problem]], ...] = (
    (r"access to (exchange|queue|topic) '(.*)' in vhost '.*' refused", _permission),
    (r"access to vhost '(.*)' refused", _virtual_host),
    (r"inequivalent arg '(.*)' for (exchange|queue) '(.*)' in vhost '.*': (.*)", _other),
    (r"(?:unknown|invalid) exchange type '(.*)'", _unknown_kind),
    ("Login was refused", lambda: _LOGIN),
    (r"certificate verify failed: (.*?)\.? \(_ssl", _certificate),
    ("WRONG_VERSION_NUMBER", lambda: _NO_TLS),
)


def refusal(error: BrokerError, parameters: pika.ConnectionParameters) -> Problem:
    """Why a connection could not be made or used, or a declaration was refused."""
    cause: BaseException = error
    while isinstance(cause, BrokerError) and cause.__cause__ is not None:
        cause = cause.__cause__
    text = getattr(cause, "reply_text", str(cause))
    for pattern, problem in _BY_TEXT:
        # What could not connect has several causes, which it names by repr() alone.
        found = re.search(pattern, text) or re.search(pattern, repr(cause))
        if found is not None:
            return problem(*found.groups())
    if isinstance(cause, ProbableAuthenticationError):
        return _LOGIN
    if isinstance(
        cause, ChannelClosedByBroker | ConnectionClosedByBroker | ProbableAccessDeniedError
    ):
        return Problem(f"RabbitMQ refuses: {text}.", "It is tried again; see RabbitMQ's log.")
    if isinstance(cause, BrokerError):
        return Problem(f"RabbitMQ: {cause}.", "It is tried again; see RabbitMQ's log.")
    return Problem(
        f"RabbitMQ cannot be reached at {parameters.host}:{parameters.port}.",
        "See that it runs where RABBITMQ_HOST and RABBITMQ_PORT say.",
    )


def shortage(reason: str) -> Problem:
    """RabbitMQ takes no messages, for that reason, such as `low on memory`."""
    return Problem(
        f"RabbitMQ takes no messages: it is {reason}.",
        "Give it more: it takes messages again by itself as soon as it has enough.",
    )


def untaken(
    exchange: str, error: BrokerError, parameters: pika.ConnectionParameters
) -> Problem | None:
    """Why RabbitMQ did not take a message for this exchange; None where trying again will do."""
    if isinstance(error.__cause__, ChannelClosedByBroker):
        return refusal(error, parameters)
    if not isinstance(error, Unconfirmed):
        return None  # returned: what is missing is declared, or named where that is refused
    return Problem(
        f"RabbitMQ does not take what is published to the exchange {exchange}: {error}.",
        "It is published again; see RabbitMQ's policies for its queues, and its log.",
    )
