"""The gateway's certificate."""

import base64
import ssl
from dataclasses import dataclass, field

from deploy.commands import Commands
from deploy.errors import DeployError
from deploy.layout import Layout
from deploy.private import read_private

_DAY = 24 * 60 * 60
_SELF_SIGNED = (
    *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"),
    *("-days", "365", "-subj", "/CN=aware", "-addext", "subjectAltName=DNS:aware"),
)


@dataclass(frozen=True)
class Certificate:
    """A certificate with its chain, and its private key; both PEM."""

    chain: str
    key: str = field(repr=False)

    @property
    def first(self) -> bytes:
        """The server's own certificate, as DER."""
        end = "-----END CERTIFICATE-----"
        return ssl.PEM_cert_to_DER_cert(self.chain[: self.chain.index(end) + len(end)])

    def settings(self) -> dict[str, str]:
        """What the gateway is told, each in one line."""
        return {
            "GATEWAY_TLS_CERTIFICATE": base64.b64encode(self.chain.encode()).decode(),
            "GATEWAY_TLS_KEY": base64.b64encode(self.key.encode()).decode(),
        }


def certificate(layout: Layout, commands: Commands) -> tuple[Certificate, str | None]:
    """The certificate in the settings' folder, and a warning about it, if there is one to give.

    Where there is none, a self-signed one is made. Raises DeployError where certificate and key
    do not belong together, have expired, or where others may read the key.
    """
    warning = None
    if not layout.certificate.exists() and not layout.key.exists():
        _make(layout, commands)
        warning = (
            f"there was no {layout.certificate}: a self-signed one was made, which no client "
            "trusts; docs/deploy.md says how to get another"
        )
    try:
        found = Certificate(layout.certificate.read_text(), read_private(layout.key))
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(layout.certificate, layout.key)
    except FileNotFoundError as error:
        raise DeployError(f"there is no {error.filename}") from error
    except ssl.SSLError as error:
        raise DeployError(
            f"{layout.certificate} and {layout.key} are no certificate and its key: {error.reason}"
        ) from error
    if not _lasts(layout, commands, 0):
        raise DeployError(f"{layout.certificate} has expired")
    if not _lasts(layout, commands, 14 * _DAY):
        warning = f"{layout.certificate} expires within 14 days"
    return found, warning


def _make(layout: Layout, commands: Commands) -> None:
    commands.run(
        *("openssl", *_SELF_SIGNED),
        *("-keyout", str(layout.key), "-out", str(layout.certificate)),
    )
    layout.key.chmod(0o600)


def _lasts(layout: Layout, commands: Commands, seconds: int) -> bool:
    arguments = ("-noout", "-in", str(layout.certificate), "-checkend", str(seconds))
    return commands.succeeds("openssl", "x509", *arguments)
