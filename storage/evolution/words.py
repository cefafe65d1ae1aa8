"""How the set-up speaks of migrations; who runs it looks for these words in what it writes."""

PENDING = "Pending: "
"""Begins a line about what is going to be done."""

WAITING = "Waiting: "
"""Begins a line about what is left to a later set-up, and why."""

TASK = "migrate "
"""Begins the name of a task whose progress is shown."""
