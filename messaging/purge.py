"""Emptying the queues, where what they hold speaks of databases that are no more."""

from collections.abc import Iterable, Mapping

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker

from messaging.broker import Disconnected
from messaging.nodes import Nodes
from messaging.topology import Queue

_NOT_FOUND = 404


def purge(nodes: Nodes, queues: Iterable[Queue]) -> Mapping[str, int]:
    """Drop what is ready in each of the queues; how many messages that were, by its name.

    A queue that is not there holds none. What somebody has received and not acknowledged stays.

    Raises:
        Disconnected: The broker cannot be reached, or does not allow it.
    """
    return {queue.name: _ask(nodes, queue, drop=True) for queue in queues}


def waiting(nodes: Nodes, queue: Queue) -> int:
    """How many messages are ready in a queue; 0 where it is not there.

    Raises:
        Disconnected: The broker cannot be reached, or does not allow it.
    """
    return _ask(nodes, queue, drop=False)


def _ask(nodes: Nodes, queue: Queue, *, drop: bool) -> int:
    try:
        with pika.BlockingConnection(nodes) as connection:
            channel = connection.channel()
            if drop:
                return int(channel.queue_purge(queue.name).method.message_count)
            declared = channel.queue_declare(queue.name, passive=True)
            return int(declared.method.message_count)
    except ChannelClosedByBroker as error:
        if error.reply_code == _NOT_FOUND:
            return 0
        raise Disconnected(error.reply_text) from error
    except (AMQPError, OSError) as error:  # pika passes on what resolving a name raises
        raise Disconnected(str(error) or repr(error)) from error
