"""Where everything is on the server."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The folders of the server; all belong to the one who deploys, and nobody else reads them."""

    home: Path = Path("/opt/aware")
    config: Path = Path("/etc/aware")
    state: Path = Path("/var/lib/aware")
    backups: Path = Path("/var/backups/aware")

    @property
    def releases(self) -> Path:
        """A folder for each version that was sent, named after it."""
        return self.home / "releases"

    @property
    def current(self) -> Path:
        """A link to the release that runs."""
        return self.home / "current"

    @property
    def settings(self) -> Path:
        """Passwords, keys and whatever else `.env.example` names."""
        return self.config / "aware.env"

    @property
    def certificate(self) -> Path:
        """What the gateway shows the world, as PEM, with what leads to an authority."""
        return self.config / "certificate.pem"

    @property
    def key(self) -> Path:
        """The certificate's private key, as PEM."""
        return self.config / "key.pem"

    @property
    def override(self) -> Path:
        """A compose file with what is different on this server; it need not be there."""
        return self.config / "docker-compose.override.yml"
