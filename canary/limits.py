"""How much worse the new version may be, and how seldom it may be called worse wrongly."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What is tolerated.

    `errors`, `failed_events`: shares (of 1) by which more requests may end in 5xx, and more events
    may fail. `factor`, `slack`: the new version's times may be the old ones' times `factor`, plus
    `slack` milliseconds; of the sync's lag the same, plus `lag_slack` seconds. `requests` of each
    version are the least that a step is judged by. `alpha`: how seldom a version that keeps all
    this may be called worse in a whole rollout. `alone_factor`, `alone_slack`: in place of `factor`
    and `slack` where the old version gets hardly any requests, and the new one all the load.
    """

    errors: float = 0.0
    failed_events: float = 0.0
    factor: float = 1.3
    slack: float = 1.0
    lag_slack: float = 0.5
    alone_factor: float = 3.0
    alone_slack: float = 25.0
    requests: int = 200
    alpha: float = 0.001


SHARES = {"errors": 0.35, "latency": 0.35, "failed events": 0.1, "lag": 0.1, "alone": 0.1}
"""What part of `Limits.alpha` each comparison may use; `alone`: both of a new version alone."""
