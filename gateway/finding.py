"""Finding the gateway that runs: HAProxy on this machine, a Kong, or several."""

from gateway import haproxy
from gateway.errors import UnreachableError
from gateway.running import HAProxy, Kong, RunningGateway
from gateway.settings import GatewaySettings
from gateway.several import Kongs


def find(settings: GatewaySettings) -> RunningGateway:
    """The gateway that runs with these settings; raises UnreachableError where none does."""
    path, urls = haproxy.socket_path(settings), settings.admin_urls
    kong = Kong(urls[0]) if len(urls) == 1 else Kongs(urls)
    for gateway in (HAProxy(path), kong):
        try:
            gateway.answer()
        except UnreachableError:
            continue
        return gateway
    raise UnreachableError(f"no gateway runs: neither {path} nor {' nor '.join(urls)} answers")
