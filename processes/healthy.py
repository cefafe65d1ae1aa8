"""`python -m processes.healthy ready`: the health check of a container, which has no curl."""

import os
import sys
from http.client import HTTPConnection, HTTPException
from pathlib import Path

_REQUEST_TIMEOUT_SECONDS = 5


_STARTED = Path("/tmp/was-ready")  # noqa: S108 - the container's own


def main() -> None:
    """Exit 0 where GET /health/live (or ready) is 200, else 1 with the reason.

    With `started`, it is `ready` until that was once so, and then `live`: where what is ill is
    ended, a service must not be ill for what it waits for.
    """
    asked = sys.argv[1]
    if asked == "started":
        asked = "live" if _STARTED.exists() else "ready"
    bind = os.environ.get("BIND") or os.environ.get("HEALTH_BIND", "")
    connection = HTTPConnection(
        "127.0.0.1", int(bind.rpartition(":")[2] or 5000), timeout=_REQUEST_TIMEOUT_SECONDS
    )
    try:
        connection.request("GET", f"/health/{asked}")
        answer = connection.getresponse()
        reason = answer.read().decode(errors="replace")
    except (OSError, HTTPException) as error:
        sys.exit(f"no answer: {error}")
    if answer.status != 200:  # noqa: PLR2004 - HTTP's OK; http costs time
        sys.exit(reason)
    if sys.argv[1] == "started":
        _STARTED.touch()


if __name__ == "__main__":
    main()
