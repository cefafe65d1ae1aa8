"""`aware sync explain`: how far a change has come, and what it waits for now."""

import json
import os
import subprocess
import sys

from local.stack import Stack
from storage.client import Json
from tests.tracing.client import Client, request_of
from tests.waiting import until


def explain(system: Stack, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """What it says to whoever may read everything."""
    return subprocess.run(
        [sys.executable, "-m", "aware", "sync", "explain", *arguments],
        env=os.environ | system.environment("mongodb-setup"),
        capture_output=True,
        text=True,
        check=False,
    )


def told(system: Stack, wanted: str) -> Json:
    """The same for machines."""
    done = explain(system, wanted, "--json")
    assert done.returncode == 0, done.stderr
    found: Json = json.loads(done.stdout)
    return found


def test_an_order_that_has_the_change_says_when_it_passed_which_place(
    traced: Stack, client: Client
) -> None:
    """In their order; asked by the request it says the same."""
    user = client.new_user()
    order = client.new_order(user)
    trace, email = client.change(user)
    until(lambda: client.emails(order) == [email], "the order has it")
    until(lambda: told(traced, order)["published_at"], "it is marked as published")
    found, by_request = told(traced, order), told(traced, request_of(trace))
    places = [f"{each}_at" for each in ("changed", "published", "delivered", "applied")]
    times = [found[each] for each in places]
    assert times == sorted(times)
    assert (found["trace_id"], found["cause"]["request_id"]) == (trace, request_of(trace))
    assert (found["version"], found["copy_version"], found["copies"]) == (2, 2, 1)
    assert found["waits_for"] == "nothing: version 2 is there"
    assert [by_request[each] for each in places] == times
    shown = explain(traced, order).stdout
    assert len(shown.splitlines()) <= 24
    for each in (order, user, trace, request_of(trace), "waits for"):
        assert each in shown


def test_what_waits_names_what_it_waits_for(traced: Stack, client: Client) -> None:
    """The relay, with what was merged; then the consumer; without RabbitMQ that it is away."""
    user = client.new_user()
    order = client.new_order(user)
    assert "has not changed" in told(traced, order)["waits_for"]
    traced.stop_part("user-relay")
    first, second = client.change(user)[0], client.change(user)[0]
    pending = told(traced, order)
    assert pending["waits_for"] == "user-relay, to publish version 3"
    assert (pending["merged"], pending["published_at"]) == (1, None)
    assert request_of(second) in explain(traced, request_of(first)).stdout
    traced.stop_part("order-consumer")
    traced.start_part("user-relay")
    until(lambda: told(traced, order)["pending_since"] is None, "it is published")
    waiting = told(traced, order)
    assert waiting["waits_for"] == "order-consumer, to take it from user_updates"
    assert waiting["queues"]["updates"] == {"user_updates": 1}
    traced.start_part("order-consumer")
    until(lambda: told(traced, order)["applied_at"], "it is applied")


def test_a_wrong_id_gets_one_line(traced: Stack) -> None:
    """It says what there is none of."""
    done = explain(traced, "nothing")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "there is no document nothing in orders, and no such request" in done.stderr
