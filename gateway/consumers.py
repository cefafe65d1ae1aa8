"""Who may call: the consumers of kong.yml."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.authentication import REFUSED
from gateway.yaml_fields import Field


@dataclass(frozen=True)
class Consumer:
    """Who may call, with any of `keys`."""

    name: str
    keys: tuple[str, ...] = field(repr=False)


def consumers_with_keys(root: Field) -> Iterator[Consumer]:
    """Those with keys; the others stand for many callers."""
    for consumer in root["consumers"]:
        keys = tuple(each["key"].text() for each in consumer.get("keyauth_credentials", []))
        if keys:
            yield Consumer(consumer["username"].text(), keys)


def failures_per_minute(root: Field) -> int:
    """How many requests of an address without what is asked for are told what that is.

    Raises ConfigurationError where one of the consumers that stand for them is let in.
    """
    consumers = {each["username"].text(): each for each in root["consumers"]}
    found = set()
    for name in REFUSED:
        limit, refusal = consumers[name]["plugins"]
        refusal["name"].must_be("request-termination")
        refusal["config"]["status_code"].must_be(401)
        found.add(limit["config"]["minute"].whole(1))
    return min(found)
