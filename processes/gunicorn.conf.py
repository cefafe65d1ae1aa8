"""How gunicorn runs an HTTP service. BIND and WEB_CONCURRENCY come from the environment."""

import os
from typing import Any

from processes.logs import configure_logs

bind = os.environ.get("BIND", "127.0.0.1:5000")
worker_class = "processes.worker.Worker"
proc_name = "http-service"
control_socket_disable = True
accesslog = None
logconfig_dict = {  # gunicorn's own lines go where ours go
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True}},
}
graceful_timeout = 10
# Longer than the gateway keeps idle connections, so that it never meets a closed one.
keepalive = 75
# No link of ours is absolute, so nobody's word about hosts and schemes is needed.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
# gunicorn's heartbeat must not wait for a disk.
worker_tmp_dir = "/dev/shm"  # noqa: S108


def on_starting(_: Any) -> None:  # noqa: ANN401 - gunicorn's arbiter has no type
    """Configure logs before the first line."""
    configure_logs(proc_name)


def post_fork(_: Any, __: Any) -> None:  # noqa: ANN401
    """Configure them in each worker too."""
    configure_logs(proc_name)
