"""Tools from npm: Node as requirements/generate.txt pins it, packages as package-lock.json does."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_QUIET = {
    "REDOCLY_TELEMETRY": "off",
    "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    "NO_UPDATE_NOTIFIER": "1",
}


class NodeError(Exception):
    """Node's tools are not there; the message says what to do."""


def node_command(root: Path, tool: str, *arguments: str) -> list[str]:
    """How to run a tool of the npm packages that `root` pins; installs them where they lack.

    Raises:
        NodeError: Node is not installed, or the packages cannot be.
    """
    install_packages(root)
    return [_program("node"), str(root / "node_modules" / ".bin" / tool), *arguments]


def node_script(root: Path, script: str, *arguments: str) -> list[str]:
    """How to run a script of the repository that uses those packages; as `node_command`."""
    install_packages(root)
    return [_program("node"), script, *arguments]


def node_environment() -> dict[str, str]:
    """The variables for such a tool: our own, its telemetry off, our Node before any other."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, **_QUIET, "PATH": path}


def install_packages(root: Path) -> None:
    """Install what package-lock.json pins, unless it is there; raises NodeError.

    Whoever comes while it is being installed, in this process or another, waits.
    """
    lock, installed = root / "package-lock.json", root / "node_modules" / ".package-lock.json"
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
            return
        if installed.parent.is_symlink():  # npm would empty what others use, too
            installed.parent.unlink()
        done = run_tool([_program("npm"), "ci", "--no-progress"], root)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        last = [line for line in said if "complete log" not in line][-1:]
        raise NodeError(f"`npm ci` failed: {''.join(last)}")


def run_tool(
    command: Sequence[str], folder: Path, sent: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run it in `folder` with `node_environment`, to its end; the caller judges its status.

    `sent` is what it reads on its standard input.
    """
    return subprocess.run(
        command,
        cwd=folder,
        env=node_environment(),
        input=sent,
        capture_output=True,
        text=True,
        check=False,
    )


def _program(name: str) -> str:
    """Node or npm of the environment that we run in: never the machine's own."""
    program = Path(sys.executable).with_name(name)
    if not program.exists():
        raise NodeError(
            f"{program} is missing: `pip install --require-hashes -r requirements/generate.txt`"
        )
    return str(program)
