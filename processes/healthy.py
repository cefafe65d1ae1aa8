"""`python -m processes.healthy ready`: the health check of a container, which has no curl."""

import os
import sys
from http.client import HTTPConnection, HTTPException

_REQUEST_TIMEOUT_SECONDS = 5


def main() -> None:
    """Exit 0 where GET /health/live (or ready) is 200, else 1 with the reason."""
    bind = os.environ.get("BIND") or os.environ.get("HEALTH_BIND", "")
    connection = HTTPConnection(
        "127.0.0.1", int(bind.rpartition(":")[2] or 5000), timeout=_REQUEST_TIMEOUT_SECONDS
    )
    try:
        connection.request("GET", f"/health/{sys.argv[1]}")
        answer = connection.getresponse()
        reason = answer.read().decode(errors="replace")
    except (OSError, HTTPException) as error:
        sys.exit(f"no answer: {error}")
    sys.exit(0 if answer.status == 200 else reason)  # noqa: PLR2004 - HTTP's OK; http costs time


if __name__ == "__main__":
    main()
