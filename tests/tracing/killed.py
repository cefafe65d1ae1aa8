"""Changes under `kill -9` of every part, and what their traces came to."""

import random
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

import httpx

from local.stack import Stack
from tests.tracing.client import PARENT, Client, new_trace
from tests.tracing.receiver import Collector, Span
from tracing.links import MERGED
from tracing.messages import OUTCOME

KILLED = (
    *("user-relay", "order-consumer", "user-service-v1", "order-service"),
    *("rabbitmq", "mongodb"),
)
UPDATE, WAIT = "update orders", "wait in outbox"
_USERS = 10
_CLIENTS = 5
_SECONDS = 25
_ALL_WITHIN_SECONDS = 300


@dataclass
class Report:
    """What came of it.

    `acknowledged` are the traces of all changes that were; `foreign` are updates of orders that are
    in no trace of a change that was sent. `lost` are spans that were made and never came, known by
    one below them, or because the request was answered. `beyond` counts changes that were merged
    and not linked.
    """

    kills: Counter[str] = field(default_factory=Counter)
    acknowledged: list[str] = field(default_factory=list)
    unanswered: int = 0
    foreign: list[Span] = field(default_factory=list)
    came: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    beyond: int = 0
    orders_behind: int = 0

    def __str__(self) -> str:
        rows = [
            ("changes acknowledged", len(self.acknowledged)),
            ("changes not answered", self.unanswered),
            *((f"kill -9 {part}", count) for part, count in sorted(self.kills.items())),
            *((f"changes that came to {each}", count) for each, count in self.came.most_common()),
            *((f"lost with a process: {each}", count) for each, count in self.lost.most_common()),
            ("changes merged beyond the eight that are linked, counted", self.beyond),
            ("updates of orders in another trace", len(self.foreign)),
            ("orders without their user's last change", self.orders_behind),
        ]
        return "\n".join(f"{name:63} {count:5}" for name, count in rows)


def run(system: Stack, taken: Collector, changes: int, seed: int) -> Report:
    """Send so many changes while every part is killed again and again, then look."""
    report, before = Report(), len(taken.spans)
    with Client(system) as client:
        made = [client.new_user() for _ in range(_USERS)]
        users = {user: client.new_order(user) for user in made}
    sent: list[str] = []
    over = Event()
    with ThreadPoolExecutor(_CLIENTS + 1) as pool:
        killing = pool.submit(_kill, system, over, seed, report)
        share = [*users]
        done = [
            pool.submit(_change, system, share[number::_CLIENTS], changes // _CLIENTS, sent, report)
            for number in range(_CLIENTS)
        ]
        for each in done:
            each.result()
        over.set()
        killing.result()
    for part in KILLED:
        system.wait_healthy(part)
    with Client(system) as client:
        report.orders_behind = _settle(client, users, sent, report)
    _judge(taken.spans[before:], sent, report)
    return report


def _kill(system: Stack, over: Event, seed: int, report: Report) -> None:
    """Kill each part in turn, all of them once at least."""
    rng = random.Random(seed)
    while not over.is_set():
        for part in rng.sample(KILLED, len(KILLED)):
            time.sleep(rng.random())
            system.wait_healthy(part)
            system.kill(part)
            report.kills[part] += 1


def _change(
    system: Stack, users: Sequence[str], count: int, sent: list[str], report: Report
) -> None:
    """Each change until it is acknowledged, over so long that all parts are killed meanwhile."""
    rng = random.Random(users[0])
    with Client(system) as client:
        for _ in range(count):
            time.sleep(rng.random() * 2 * _SECONDS / count)
            while not _changed(client, rng.choice(users), sent, report):
                time.sleep(0.2)


def _changed(client: Client, user: str, sent: list[str], report: Report) -> str:
    """Ask for a change in a trace of its own; answers the address, or nothing."""
    trace = new_trace()
    sent.append(trace)
    try:
        _, email = client.change(user, trace)
    except httpx.HTTPError:
        report.unanswered += 1
        return ""
    report.acknowledged.append(trace)
    return email


def _settle(client: Client, users: Mapping[str, str], sent: list[str], report: Report) -> int:
    """One more change of each user; answers how many orders do not have it in the end."""
    last = {order: _changed(client, user, sent, report) for user, order in users.items()}
    assert all(last.values()), "all parts are there again"

    def is_there(order: str) -> bool:
        return bool(client.emails(order) == [last[order]])

    deadline = time.monotonic() + _ALL_WITHIN_SECONDS
    while not all(map(is_there, last)) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)  # ten times as long as a process keeps its spans
    return sum(not is_there(order) for order in last)


def _judge(spans: Sequence[Span], sent: Sequence[str], report: Report) -> None:
    known = {each.id for each in spans} | {PARENT}
    traces: dict[str, list[Span]] = {trace: [] for trace in sent}
    for each in spans:
        if each.trace in traces:
            traces[each.trace].append(each)
        elif each.name == UPDATE:
            report.foreign.append(each)
    linked = {trace for each in spans for trace, _ in each.links}
    came = Counter(_came_to(traces[trace], linked) for trace in report.acknowledged)
    report.came = came
    beyond: dict[str, int] = {}
    for each in spans:
        if each.name == WAIT:  # again where the relay was killed, or the broker away
            more = int(each.attributes.get(MERGED, 0)) - len(each.links)
            beyond[each.trace] = max(beyond.get(each.trace, 0), more)
    report.beyond = sum(beyond.values())
    missing = {each.parent for some in traces.values() for each in some} - known
    report.lost["one that others name"] = len(missing)
    report.lost["that of a request"] = sum(
        all(each.kind != "SERVER" for each in traces[trace]) for trace in report.acknowledged
    )


def _came_to(spans: Sequence[Span], linked: Collection[str]) -> str:
    if any(each.name == UPDATE for each in spans):
        return "an order's update in their trace"
    if any(each.trace in linked for each in spans):
        return "a newer change that links to them"
    if any(each.attributes.get(OUTCOME) == "stale" for each in spans):
        return "a queue, where something newer had been"
    return "nothing more: merged beyond the eight, or lost"
