"""Policies of the broker that could cost events: AMQP does not say that there are any."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from health.problems import Problem

_COSTLY = {
    "alternate-exchange",
    "delivery-limit",
    "expires",
    "max-length",
    "max-length-bytes",
    "message-ttl",
}


def costly(policies: Iterable[Mapping[str, Any]], names: Collection[str]) -> Iterator[Problem]:
    """Those that could drop or turn away what is published, of queues and exchanges of these names.

    Args:
        policies: As the management API has them.
        names: Of all exchanges and queues.
    """
    for policy in policies:
        keys = sorted(_COSTLY & policy["definition"].keys())
        concerned = sorted(each for each in names if re.search(policy["pattern"], each))
        if keys and concerned:
            yield Problem(
                f"RabbitMQ's policy {policy['name']} sets {', '.join(keys)} for "
                f"{', '.join(concerned)}: events can be lost by that, and no process notices.",
                "Remove it, or have its pattern match other names.",
            )
