"""Whatever somebody takes away is back by itself, or named with what to do; and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pika.exceptions import ChannelClosedByBroker

from messaging.topology import DEAD_LETTER_EXCHANGE, EXCHANGE, RETRY_EXCHANGE, Queue
from tests.messaging.broken import CONSUMER, RELAY, Pair, pair_on
from tests.messaging.conftest import MACHINE
from tests.messaging.system import System
from tests.waiting import until_async

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

Step = Callable[[Pair], Awaitable[None]]


@pytest.fixture
async def pair(system: System, tmp_path: Path) -> AsyncIterator[Pair]:
    """Relay and consumer, both ready, with all queues."""
    async with pair_on(system, tmp_path) as pair:
        await pair.ready()
        for queue in pair.topology.queues:
            await back(pair, queue)
        yield pair


async def consistent_after_a_change(pair: Pair) -> None:
    """A new order follows its user."""
    user = await pair.system.new_user()
    order = await pair.system.new_order(user)
    await pair.system.in_step(order, await pair.system.change(user))


def queues(pair: Pair) -> dict[str, Queue]:
    """Those of the consumer, by what they are for."""
    return {"events": pair.topology.updates, "retry": pair.topology.retries[2]} | {
        "dead letters": pair.topology.dead
    }


def is_there(pair: Pair, queue: Queue) -> bool:
    """Whether a queue is there, and takes what is published to it."""
    try:
        with pair.channel() as channel:
            channel.queue_declare(queue.name, passive=True)
    except ChannelClosedByBroker:
        return False
    bindings = pair.api("GET", f"/queues/%2F/{queue.name}/bindings")
    return any(each["source"] == queue.exchange for each in bindings)


async def back(pair: Pair, queue: Queue) -> None:
    """Wait until it is."""

    async def it_is() -> bool:
        return await asyncio.to_thread(is_there, pair, queue)

    await until_async(it_is, f"{queue.name} is there and bound")


@pytest.mark.parametrize("of", ["events", "retry", "dead letters"])
async def test_a_queue_that_was_deleted_is_made_again(pair: Pair, of: str) -> None:
    """Although nobody publishes; the log says once what that costs."""
    queue = queues(pair)[of]
    with pair.channel() as channel:
        channel.queue_delete(queue.name)
    await back(pair, queue)
    await consistent_after_a_change(pair)
    await pair.ready()
    said = [
        each["queue"]
        for process in (RELAY, CONSUMER)
        for each in pair.logged(process, "queue_was_missing")
    ]
    assert said == [queue.name]


@pytest.mark.parametrize("of", ["events", "retry", "dead letters"])
async def test_a_binding_that_was_removed_is_made_again(pair: Pair, of: str) -> None:
    """Although nobody publishes."""
    queue = queues(pair)[of]
    with pair.channel() as channel:
        channel.queue_unbind(queue.name, queue.exchange, queue.name)
    assert not is_there(pair, queue)
    await back(pair, queue)
    await consistent_after_a_change(pair)
    await pair.ready()


@pytest.mark.parametrize("exchange", [EXCHANGE, RETRY_EXCHANGE, DEAD_LETTER_EXCHANGE])
async def test_an_exchange_that_was_deleted_is_made_again(pair: Pair, exchange: str) -> None:
    """With its bindings, although nobody publishes."""
    with pair.channel() as channel:
        channel.exchange_delete(exchange)
    for queue in pair.topology.queues:
        await back(pair, queue)
    await consistent_after_a_change(pair)
    await pair.ready()


async def test_a_part_of_a_queue_and_what_leads_to_it_are_made_again(
    system: System, tmp_path: Path
) -> None:
    """The exchange that hashes the keys, its binding, a part and its binding."""
    async with pair_on(system, tmp_path, parts=2) as pair:
        part, hashing = pair.topology.parts[1], pair.topology.parts[1].exchange
        await back(pair, part)
        await pair.ready()
        with pair.channel() as channel:
            channel.queue_unbind(part.name, hashing, "1")
        await back(pair, part)
        with pair.channel() as channel:
            channel.queue_delete(part.name)
        await back(pair, part)
        with pair.channel() as channel:
            channel.exchange_delete(hashing)
        await back(pair, part)
        for _ in range(10):  # of each part some
            await consistent_after_a_change(pair)
        await pair.ready()


@dataclass(frozen=True)
class Trouble:
    """What a process cannot put right: how it comes and goes, and what is said of it."""

    begin: Step
    end: Step
    says: str
    by: tuple[str, ...] = (RELAY, CONSUMER)


def permissions(process: str, kind: str) -> Trouble:
    """One of the three permissions of a login is taken."""

    async def begin(pair: Pair) -> None:
        await asyncio.to_thread(lambda: pair.allow(process, **{kind: "^$"}))
        if (process, kind) == (RELAY, "write"):  # who publishes already goes on
            await asyncio.to_thread(pair.end_connections, process)

    async def end(pair: Pair) -> None:
        await asyncio.to_thread(lambda: pair.allow(process))

    return Trouble(begin, end, "lacks a permission on the", (process,))


def all_permissions(process: str) -> Trouble:
    """The login may not even use the virtual host."""

    async def begin(pair: Pair) -> None:
        await asyncio.to_thread(pair.forbid, process)
        await asyncio.to_thread(pair.end_connections, process)

    async def end(pair: Pair) -> None:
        await asyncio.to_thread(pair.allow, process)

    return Trouble(begin, end, "no permissions in RabbitMQ's virtual host /", (process,))


def deleted_login(process: str) -> Trouble:
    """There is none of that name."""

    async def begin(pair: Pair) -> None:
        await asyncio.to_thread(pair.control, "delete_user", pair.logins[process].name)

    async def end(pair: Pair) -> None:
        await asyncio.to_thread(pair.set_password, process)
        await asyncio.to_thread(pair.allow, process)

    return Trouble(begin, end, "RABBITMQ_PASSWORD is not the password", (process,))


def changed_password(process: str) -> Trouble:
    """It is noticed at the next connection."""

    async def begin(pair: Pair) -> None:
        await asyncio.to_thread(pair.set_password, process, "another")
        await asyncio.to_thread(pair.end_connections, process)

    async def end(pair: Pair) -> None:
        await asyncio.to_thread(pair.set_password, process)

    return Trouble(begin, end, "RABBITMQ_PASSWORD is not the password", (process,))


def shortage(limit: str, short: str, enough: str, of: str) -> Trouble:
    """RabbitMQ believes that it has no room: it takes nothing, and goes on delivering."""

    async def begin(pair: Pair) -> None:
        await asyncio.to_thread(pair.control, limit, short)

    async def end(pair: Pair) -> None:
        await asyncio.to_thread(pair.control, limit, enough)

    return Trouble(begin, end, f"it is low on {of}", (RELAY,))


def other_queue(of: str) -> Trouble:
    """A queue that somebody declared otherwise."""

    async def begin(pair: Pair) -> None:
        queue = queues(pair)[of]

        async def ours_was_first() -> bool:
            return not await asyncio.to_thread(_declare_otherwise, pair, queue)

        await until_async(_not(ours_was_first), "the queue is not as the processes declare it")

    async def end(pair: Pair) -> None:
        with pair.channel() as channel:
            channel.queue_delete(queues(pair)[of].name, if_empty=True)

    by = (RELAY, CONSUMER) if of == "events" else (CONSUMER,)
    return Trouble(begin, end, "is not as it is declared", by)


def _declare_otherwise(pair: Pair, queue: Queue) -> bool:
    """Delete it and be faster than the processes, which make it again; whether that was so."""
    try:
        with pair.channel() as channel:
            channel.queue_delete(queue.name)
            channel.queue_declare(queue.name, durable=True)
    except ChannelClosedByBroker:
        return False
    return True


def _not(condition: Callable[[], Awaitable[bool]]) -> Callable[[], Awaitable[bool]]:
    async def it_is_not() -> bool:
        return not await condition()

    return it_is_not


def changed_mongodb_password(process: str) -> Trouble:
    """It is noticed by new connections."""

    async def begin(pair: Pair) -> None:
        await pair.admin.command("updateUser", pair.logins[process].name, pwd="another")
        await asyncio.to_thread(pair.system.stack.stop_part, "mongodb")
        await asyncio.to_thread(pair.system.stack.start_part, "mongodb")

    async def end(pair: Pair) -> None:
        login = pair.logins[process]
        await pair.admin.command("updateUser", login.name, pwd=login.password)

    return Trouble(begin, end, "MONGO_PASSWORD is not the password", (process,))


def no_role(process: str) -> Trouble:
    """The login is in, and may do nothing."""

    async def begin(pair: Pair) -> None:
        name = pair.logins[process].name
        await pair.admin.command("revokeRolesFromUser", name, roles=[name])

    async def end(pair: Pair) -> None:
        name = pair.logins[process].name
        await pair.admin.command("grantRolesToUser", name, roles=[name])

    return Trouble(begin, end, "MONGO_USERNAME", (process,))


def no_right(process: str, collection: str, action: str) -> Trouble:
    """One right of many is missing: it is named."""

    def privileges(pair: Pair) -> list[dict[str, object]]:
        mongo = pair.system.mongo
        database = mongo.users if collection == "users" else mongo.orders
        return [{"resource": {"db": database, "collection": collection}, "actions": [action]}]

    async def begin(pair: Pair) -> None:
        await pair.admin.command(
            "revokePrivilegesFromRole", pair.logins[process].name, privileges=privileges(pair)
        )

    async def end(pair: Pair) -> None:
        await pair.admin.command(
            "grantPrivilegesToRole", pair.logins[process].name, privileges=privileges(pair)
        )

    return Trouble(begin, end, f"lacks the right to {action} in", (process,))


_NEEDED = {
    CONSUMER: ("configure", "read", "write"),
    RELAY: ("configure", "write"),  # it reads from an exchange only to bind what nobody else has
}
TROUBLES = {
    **{
        f"{process} may not {kind} at RabbitMQ": permissions(process, kind)
        for process, kinds in _NEEDED.items()
        for kind in kinds
    },
    **{f"{each} has no permissions": all_permissions(each) for each in (RELAY, CONSUMER)},
    **{f"{each} is no login": deleted_login(each) for each in (RELAY, CONSUMER)},
    **{f"{each} has another password": changed_password(each) for each in (RELAY, CONSUMER)},
    "memory is short": shortage("set_vm_memory_high_watermark", "0", "0.4", "memory"),
    "disk is short": shortage("set_disk_free_limit", "9000GB", "50MB", "disk"),
    **{f"another queue of {of}": other_queue(of) for of in ("events", "retry", "dead letters")},
    **{f"{each} may do nothing at MongoDB": no_role(each) for each in (RELAY, CONSUMER)},
    "user-relay may not mark": no_right(RELAY, "users", "update"),
    "order-consumer may not update": no_right(CONSUMER, "orders", "update"),
    **{
        f"{each} has another password at MongoDB": changed_mongodb_password(each)
        for each in (RELAY, CONSUMER)
    },
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
async def test_what_a_process_cannot_put_right_is_named(pair: Pair, trouble: Trouble) -> None:
    """By readiness, and in one line of the log; when it is over, what was changed has arrived."""
    user = await pair.system.new_user()
    order = await pair.system.new_order(user)
    await pair.system.in_step(order, await pair.system.change(user))
    await trouble.begin(pair)
    try:
        emails = await pair.system.change(user)
        for process in trouble.by:
            reason = await pair.names(process, trouble.says)
            assert not any(each.password in reason for each in pair.logins.values())
    finally:
        await trouble.end(pair)
    await pair.system.in_step(order, emails)
    await pair.ready()
    await consistent_after_a_change(pair)
    for process in trouble.by:
        said = [
            each for each in pair.logged(process, "problem_found") if trouble.says in each["reason"]
        ]
        assert len(said) == 1
        assert said[0]["remedy"]
        assert pair.logged(process, "problem_over")
        assert pair.logins[process].password not in pair.logs[process].read_text("utf-8")
    with pair.channel() as channel:
        dead = channel.queue_declare(pair.topology.dead.name, passive=True)
        assert dead.method.message_count == 0


@pytest.mark.parametrize("rabbitmq", [MACHINE], indirect=True)
async def test_a_process_that_has_nothing_to_do_with_it_stays_ready(pair: Pair) -> None:
    """What is missing for one is named by one."""
    trouble = TROUBLES["user-relay may not mark"]
    await trouble.begin(pair)
    await pair.names(RELAY, trouble.says)
    assert pair.reasons(CONSUMER) == []
    await trouble.end(pair)
    await pair.ready()


@pytest.mark.parametrize("process", [RELAY, CONSUMER])
async def test_what_keeps_it_from_connecting_is_named_although_a_declaration_was_refused(
    pair: Pair, process: str
) -> None:
    """Of a broker that lets nobody in, nothing else is known any more."""
    await asyncio.to_thread(pair.forbid, process)
    try:
        await pair.names(process, "lacks a permission on the")
        await asyncio.to_thread(pair.end_connections, process)
        await pair.names(process, "no permissions in RabbitMQ's virtual host /")
    finally:
        await asyncio.to_thread(pair.allow, process)
    await consistent_after_a_change(pair)
    await pair.ready()
