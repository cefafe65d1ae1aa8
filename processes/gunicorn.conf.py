"""How gunicorn runs an HTTP service. The environment says where, and with how many workers."""

import os
import shutil
import tempfile
from typing import Any

from processes.logs import configure_logs
from processes.settings import drain_after_seconds, drain_seconds, worker_count
from processes.start import exit_on_config_error

with exit_on_config_error():
    configure_logs("http-service")
    workers = worker_count()
    # As long as requests may take, after the gateway has been told.
    graceful_timeout = drain_after_seconds() + drain_seconds() + 10

bind = os.environ.get("BIND", "127.0.0.1:5000")
"""BIND: `host:port` where an HTTP service listens."""
worker_class = "processes.worker.Worker"
proc_name = "http-service"
control_socket_disable = True
accesslog = None
logger_class = "processes.worker.Logger"
limit_request_line = 8190
# Longer than the gateway keeps idle connections, so that it never meets a closed one.
keepalive = 75
# No link of ours is absolute, so nobody's word about hosts and schemes is needed.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
# A spec may declare `X_Id`, which gunicorn drops by default: where headers become variables, as in
# WSGI, it would be `X-Id`. In ASGI names stay what they are.
header_map = "dangerous"
# gunicorn's heartbeat must not wait for a disk.
worker_tmp_dir = "/dev/shm"  # noqa: S108

if workers > 1:  # they leave their figures where each can sum up those of all
    figures = tempfile.mkdtemp(prefix="metrics-", dir=worker_tmp_dir)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = figures


def child_exit(_: Any, worker: Any) -> None:  # noqa: ANN401 - gunicorn has no types
    """Keep what a worker counted, but not what only it was."""
    if workers > 1:
        # Imported here, because it looks for the folder when it is imported.
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_: Any) -> None:  # noqa: ANN401
    """Leave nothing behind."""
    if workers > 1:
        shutil.rmtree(figures, ignore_errors=True)
