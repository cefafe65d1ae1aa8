"""One trace, from a request to the last order: through outbox, broker, retries and dead letters."""

import json
import signal
from collections import Counter
from collections.abc import Callable, Sequence

import pika

from local.stack import Stack
from messaging.topology import RETRY_PAUSES, Topology, milliseconds
from storage.client import Json
from tests.tracing.client import PARENT, Client, request_of
from tests.tracing.receiver import Collector, Span
from tests.waiting import until

RETRY = f"user_updates.retry.{milliseconds(RETRY_PAUSES[0])}ms"


def test_one_trace_goes_from_the_request_to_the_order(client: Client, sent: Collector) -> None:
    """Each step below the one that it came of; what waits is a span."""
    user = client.new_user()
    order = client.new_order(user)
    trace, email = client.change(user)
    until(lambda: client.emails(order) == [email], "the order has it")
    spans = _spans(sent, trace, 7)
    assert {each.name: each.process for each in spans} == {
        "PUT /users/{id}": "user-service-v1",
        "findAndModify users": "user-service-v1",
        "wait in outbox": "user-relay",
        "publish user_updates": "user-relay",
        "wait in user_updates": "order-consumer",
        "process user_updates": "order-consumer",
        "update orders": "order-consumer",
    }
    names = {each.id: each.name for each in spans} | {PARENT: "the client"}
    assert {each.name: names[each.parent] for each in spans} == {
        "PUT /users/{id}": "the client",
        "findAndModify users": "PUT /users/{id}",
        "wait in outbox": "PUT /users/{id}",
        "publish user_updates": "PUT /users/{id}",
        "wait in user_updates": "publish user_updates",
        "process user_updates": "publish user_updates",
        "update orders": "process user_updates",
    }
    published = _named(spans, "publish user_updates")
    processed = _named(spans, "process user_updates")
    assert (published.kind, processed.kind) == ("PRODUCER", "CONSUMER")
    for each in (published, processed):
        assert each.attributes["messaging.system"] == "rabbitmq"
        assert each.attributes["messaging.destination.name"] == "user_order:user_updates"
    message = "messaging.message.id"
    assert published.attributes[message] == processed.attributes[message]
    assert processed.attributes["aware.outcome"] == "applied"
    assert _named(spans, "update orders").attributes["db.collection.name"] == "orders"


def test_requests_that_were_merged_are_linked_and_the_rest_is_counted(
    traced: Stack, client: Client, sent: Collector
) -> None:
    """Eight of eleven that were replaced before the relay came to them."""
    user = client.new_user()
    traced.stop_part("user-relay")
    traces = [client.change(user)[0] for _ in range(12)]
    traced.start_part("user-relay")
    waited = _named(_spans(sent, traces[-1], 6), "wait in outbox")
    assert [trace for trace, _ in waited.links] == traces[3:-1]
    assert waited.attributes["aware.merged_changes"] == 11
    served = {each.id for trace in traces for each in sent.of(trace) if each.kind == "SERVER"}
    assert {span for _, span in waited.links} <= served
    assert {each.name for each in sent.of(traces[0])} == {"PUT /users/{id}", "findAndModify users"}


def test_of_events_that_are_applied_at_once_the_newest_is_linked_to_the_others(
    traced: Stack, client: Client, sent: Collector
) -> None:
    """They came one by one, and the consumer stood still."""
    user = client.new_user()
    order = client.new_order(user)
    traced.kill("order-consumer", signal.SIGSTOP)  # what comes is there at once when it goes on
    changes = []
    try:
        for _ in range(3):
            changes.append(client.change(user))
            _spans(sent, changes[-1][0], 4)  # published
    finally:
        traced.kill("order-consumer", signal.SIGCONT)
    until(lambda: client.emails(order) == [changes[-1][1]], "the order has the newest")
    traces = [trace for trace, _ in changes]
    processed = [_named(_spans(sent, each, 6), "process user_updates") for each in traces]
    assert [trace for trace, _ in processed[-1].links] == traces[:-1]
    assert processed[-1].attributes["aware.merged_changes"] == 2
    updates = Counter(each.trace for each in sent.spans if each.name == "update orders")
    assert [updates[each] for each in traces] == [0, 0, 1]


def test_a_retry_and_its_wait_are_spans_of_the_trace(
    traced: Stack, client: Client, sent: Collector, orders: Json
) -> None:
    """And the consumer's line says whose it is."""
    user = client.new_user()
    order = client.new_order(user)
    items = orders["orders"].find_one({"_id": order})["items"]
    broken = {"$set": {"items": "none"}}
    orders["orders"].update_one({"_id": order}, broken, bypass_document_validation=True)
    trace, email = client.change(user)
    line = until(lambda: _line(traced, "order-consumer", "retry_scheduled", trace), "a retry")
    assert line["request_id"] == request_of(trace)
    orders["orders"].update_one({"_id": order}, {"$set": {"items": items}})
    until(lambda: client.emails(order) == [email], "the order has it")
    until(lambda: _count(sent, trace, "aware.outcome", "applied"), "it was applied")
    spans = sent.of(trace)
    first, second = (each for each in spans if each.name == "process user_updates")
    assert (first.attributes["aware.outcome"], first.failed) == ("retried", True)
    assert first.attributes["error.type"] == "DatabaseRefused"
    again = _named(spans, f"publish {RETRY}")
    assert again.parent == first.id
    waited = _named(spans, "wait for retry 1")
    assert (waited.parent, second.parent) == (again.id, again.id)
    assert waited.end - waited.start >= RETRY_PAUSES[0].total_seconds() * 1e9
    assert second.attributes["aware.retry"] == 1
    failed, done = (each for each in spans if each.name == "update orders")
    # Both say what they write came of: the event as it was first taken.
    assert (failed.failed, failed.parent, done.parent) == (True, first.id, first.id)


def test_a_dead_letter_is_a_span_of_the_trace(
    traced: Stack, client: Client, sent: Collector
) -> None:
    """Its line too says whose it is."""
    del client
    trace = "0123456789abcdef0123456789abcdef"
    _publish_nonsense(traced, trace)
    line = until(lambda: _line(traced, "order-consumer", "message_dead_lettered", trace), "dead")
    assert line["request_id"] == request_of(trace)
    spans = _spans(sent, trace, 2)
    processed = _named(spans, "process user_updates")
    assert (processed.attributes["aware.outcome"], processed.failed) == ("dead-lettered", True)
    assert _named(spans, f"publish {Topology('user_updates').dead.name}").parent == processed.id


def _publish_nonsense(system: Stack, trace: str) -> None:
    """Send what is no event to the consumer's queue."""
    env = system.environment("rabbitmq-setup")
    login = pika.PlainCredentials(env["RABBITMQ_USER"], env["RABBITMQ_PASSWORD"])
    at = pika.ConnectionParameters(
        env["RABBITMQ_HOST"], int(env["RABBITMQ_PORT"]), credentials=login
    )
    to = Topology("user_updates").updates.address
    headers = {"traceparent": f"00-{trace}-{PARENT}-01", "request-id": request_of(trace)}
    with pika.BlockingConnection(at) as connection:
        properties = pika.BasicProperties(headers=headers, message_id="nonsense")
        connection.channel().basic_publish(to.exchange, to.routing_key, b"{", properties)


def _spans(sent: Collector, trace: str, count: int) -> Sequence[Span]:
    """Those of a trace, as soon as there are so many."""
    enough: Callable[[], bool] = lambda: len(sent.of(trace)) >= count  # noqa: E731
    until(enough, f"{count} spans of {trace}", within=60)
    return sent.of(trace)


def _named(spans: Sequence[Span], name: str) -> Span:
    (found,) = (each for each in spans if each.name == name)
    return found


def _count(sent: Collector, trace: str, attribute: str, value: str) -> int:
    return sum(each.attributes.get(attribute) == value for each in sent.of(trace))


def _line(system: Stack, part: str, event: str, trace: str) -> Json:
    """The line of a part's log about this event in this trace."""
    lines = (json.loads(each) for each in system.log(part).read_text().splitlines())
    found = (each for each in lines if (each["event"], each.get("trace_id")) == (event, trace))
    return next(found, {})
