"""A certificate for this machine's own addresses, which vouches for itself."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_MAKE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2 "
    "-subj /CN=localhost -keyout key.pem -out certificate.pem -addext subjectAltName="
)


@dataclass(frozen=True)
class Certificate:
    """The files of it, of its key, and of both in one."""

    certificate: Path
    key: Path
    both: Path


def make_certificate(folder: Path, *addresses: str) -> Certificate:
    """Make one for `localhost` and these addresses."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ",".join(("DNS:localhost", *(f"IP:{each}" for each in addresses)))
    subprocess.run(f"{_MAKE}{names}".split(), cwd=folder, check=True, capture_output=True)
    certificate, key, both = (folder / f"{name}.pem" for name in ("certificate", "key", "both"))
    both.write_text(certificate.read_text() + key.read_text())
    return Certificate(certificate, key, both)
