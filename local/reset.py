"""`reset`: begin anew, without any of the data of this folder."""

import shutil
import subprocess
from pathlib import Path

import click

from local.commands import configured, reporting
from local.errors import LocalError
from local.stack import ROOT

_DOWN = ("docker", "compose", "down", "--volumes", "--remove-orphans")


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@reporting
def reset(*, yes: bool) -> None:
    """Stop the system, and delete its data, logs and passwords; `make up` begins anew.

    What `docker compose` keeps for this folder is deleted too.
    """
    system, containers = configured(), _has_containers(ROOT)
    what = [
        *([f"{system.state} (data, logs, passwords)"] if system.state.exists() else []),
        *(["the containers and volumes of `docker compose` for this folder"] if containers else []),
    ]
    if not what:
        click.echo("There is nothing to delete. `make up` begins anew.")
        return
    if not yes:
        click.echo(f"This deletes for good: {', and '.join(what)}.")
        click.confirm("Go on?", abort=True)
    system.stop(click.echo)
    if containers:
        _run(*_DOWN)
    shutil.rmtree(system.state, ignore_errors=True)
    if system.state.exists():
        raise LocalError(f"{system.state} could not be deleted. Next: look whose its files are.")
    click.echo("Deleted. `make up` begins anew.")


def _has_containers(folder: Path) -> bool:
    """Whether `docker compose` was ever used here; the same project elsewhere is not ours."""
    if not shutil.which("docker"):
        return False
    ours = f"label=com.docker.compose.project.working_dir={folder}"
    command = ["docker", "ps", "--all", "--quiet", "--filter", ours]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode == 0 and bool(done.stdout.strip())


def _run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LocalError(f"{' '.join(command)} failed: {done.stderr.strip()}")
