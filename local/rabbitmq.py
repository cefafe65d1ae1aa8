"""RabbitMQ on this machine: a private node with its own port mapper, all on loopback."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import httpx

from local.errors import MissingError
from local.passwords import write_private
from local.ports import HOST, Ports

ADMINISTRATOR = "administrator"
PLUGINS = Path(__file__).parent.parent / "messaging/enabled_plugins"
"""Those that a broker has switched on, here and in a container."""
# Not the wrapper on the PATH, which insists on root and on the user rabbitmq.
_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def find_server() -> str:
    """The path of RabbitMQ's start script; raises MissingError."""
    if not _SERVER.exists():
        raise MissingError("No RabbitMQ: install the Debian package rabbitmq-server.")
    return str(_SERVER)


def find_epmd() -> str:
    """The path of Erlang's port mapper; raises MissingError."""
    found = shutil.which("epmd")
    if not found:
        raise MissingError("No epmd: install the Debian package rabbitmq-server.")
    return found


def write_configuration(folder: Path, ports: Ports, passwords: Mapping[str, str]) -> None:
    """Write what RabbitMQ reads at its start into `folder`.

    The administrator takes the place of the login guest, which is never made. The cookie is
    written anew at every start: a lost or widened one would keep the node from starting.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_private(folder / ".erlang.cookie", passwords["RABBITMQ_ERLANG_COOKIE"])
    write_private(folder / "enabled_plugins", PLUGINS.read_text("utf-8"))
    write_private(folder / "rabbitmq-env.conf", "")
    write_private(
        folder / "rabbitmq.conf",
        f"""\
listeners.tcp.1 = {ports.address("rabbitmq")}
management.tcp.ip = {HOST}
management.tcp.port = {ports.rabbitmq_management}
prometheus.tcp.ip = {HOST}
prometheus.tcp.port = {ports.rabbitmq_prometheus}
default_user = {ADMINISTRATOR}
default_pass = {passwords["RABBITMQ_ADMIN_PASSWORD"]}
default_user_tags.administrator = true
log.console = true
log.console.level = info
log.file = false
""",
    )


def environment(folder: Path, ports: Ports) -> dict[str, str]:
    """The variables of a private node whose files are all in `folder`."""
    return {
        "HOME": str(folder),
        "ERL_EPMD_ADDRESS": HOST,
        "ERL_EPMD_PORT": str(ports.epmd),
        "RABBITMQ_NODENAME": "rabbit@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": HOST,
        "RABBITMQ_NODE_PORT": str(ports.rabbitmq),
        "RABBITMQ_DIST_PORT": str(ports.rabbitmq_distribution),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        # Makes the start script become Erlang, which a signal then reaches, rather than wait
        # for it; "-noinput" is what the script itself says in the other case.
        "RABBITMQ_ALLOW_INPUT": "true",
        # Idle schedulers must not burn the cores that the other parts need.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
            "-noinput -kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none"
        ),
    }


def healthy(ports: Ports, password: str) -> bool:
    """Whether the broker accepts connections and its management API our administrator."""
    check = f"{ports.url('rabbitmq_management')}/api/health/checks/port-listener/{ports.rabbitmq}"
    try:
        answer = httpx.get(check, auth=(ADMINISTRATOR, password), timeout=2, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.is_success
