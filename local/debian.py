"""What comes from Debian's packages: says what is missing, and installs it where that is allowed.

Run as `python -m local.debian`.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from local import mongodb, prometheus, rabbitmq
from local.errors import LocalError, MissingError

_INSTALLER = Path(__file__).with_name("install-debian.sh")


def _has(*finds: Callable[[], str]) -> bool:
    try:
        for find in finds:
            find()
    except MissingError:
        return False
    return True


def _has_gateway() -> bool:
    # Debian puts daemons where a user's PATH does not look.
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    return bool(shutil.which("kong") or shutil.which("haproxy", path=path))


def _has_libcurl() -> bool:
    """Whether what the PyPI package's mongod needs is there; another mongod brings its own."""
    if shutil.which("mongod"):
        return True
    try:
        ctypes.CDLL("libcurl.so.4")
    except OSError:
        return False
    return True


PACKAGES: Mapping[str, Callable[[], bool]] = {
    "rabbitmq-server": lambda: _has(rabbitmq.find_server, rabbitmq.find_epmd),
    "haproxy": _has_gateway,
    "libcurl4": _has_libcurl,
}
"""Each package that the system needs, and how to tell that what it brings is there."""


OPTIONAL: Mapping[str, Callable[[], bool]] = {
    "prometheus": lambda: _has(prometheus.find_prometheus)
}
"""Those that are installed where they are asked for by name."""


def missing(packages: Mapping[str, Callable[[], bool]] = PACKAGES) -> list[str]:
    """The names of the packages that this machine lacks."""
    return [name for name, is_there in packages.items() if not is_there()]


def install(packages: list[str], log: Path) -> None:
    """Install `packages`, as root or through sudo without a password, writing to `log`.

    Says that it does, because it takes its time.

    Their daemons are not started. Raises MissingError, with what to type, where that is not
    possible or fails.
    """
    words = " ".join(packages)
    prefix = _becoming_root()
    if not shutil.which("apt-get"):
        raise MissingError(f"Install what Debian has in its packages {words}, then try again.")
    if prefix is None:
        raise MissingError(
            f"Debian packages are missing, and to install them one must be root. Type\n"
            f"    sudo sh {_INSTALLER} {words}\n"
            "which does not start their daemons, and then try again."
        )
    click.echo(f"Installing Debian's {', '.join(packages)} (a minute or two) ...")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as out:
        command = [*prefix, "sh", str(_INSTALLER), *packages]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False
        )
    if done.returncode != 0:
        last = "\n".join(f"    {line}" for line in log.read_text().splitlines()[-10:])
        raise MissingError(f"Debian's {words} cannot be installed. The end of {log}:\n{last}")


def _becoming_root() -> list[str] | None:
    """What to put before a command that must be root's; None where there is no way."""
    if os.geteuid() == 0:
        return []
    asking = ["sudo", "-n"]
    if (
        shutil.which("sudo")
        and not subprocess.run([*asking, "true"], stderr=subprocess.DEVNULL, check=False).returncode
    ):
        return asking
    return None


def main() -> None:
    """Install what is missing, or say what to do and end with status 1.

    Arguments are names out of `OPTIONAL`, to be installed too.
    """
    log = Path(os.environ.get("AWARE_STATE") or ".aware") / "log" / "install.log"
    try:
        mongodb.find_mongod()
        asked = {name: OPTIONAL[name] for name in sys.argv[1:]}
        packages = missing({**PACKAGES, **asked})
        if packages:
            install(packages, log)
    except LocalError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
