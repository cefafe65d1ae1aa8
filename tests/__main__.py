"""Runs the suites of tox.ini side by side: `python -m tests`, for `make test` and `make test-all`.

Every suite has a reaper, so that none leaves a process, port, container or file behind.
"""

import asyncio
import ctypes
import json
import os
import platform
import re
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from configparser import ConfigParser
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import click

from generate.node import install_packages
from tests.reaper import RUN
from tests.results import FOLDER, ROOT, Result, read_cases, read_unselected, report, table_file

FAST: Mapping[str, str] = {
    "PYTEST_ADDOPTS": "-m 'not (slow or docker or root)'",
    "FUZZ_EXAMPLES": "3",
    "SIMULATED_HISTORIES": "3000",
}
"""What makes of all tests those of `make test`."""

_PROGRESS_SECONDS = 30
_COLLECTED = re.compile(r"^collect.*?(\d+) items?(?:.* (\d+) selected)?$")
_ENDED = re.compile(r"(?:^|tests/\S+::.* )(PASSED|FAILED|ERROR|SKIPPED|XFAIL)\b")
_PASSED = re.compile(r"tests/\S+::|(PASSED|SKIPPED|XFAIL)\b")
_FAILED = re.compile(r"tests/\S+::.* (FAILED|ERROR)\b")
_DETAILS = re.compile(r"=+ (ERRORS|FAILURES) =+")
_LAST_LINES = 60
_SET_PARENT_DEATH_SIGNAL = 1  # linux/prctl.h


@dataclass
class Suite:
    """One that runs: how far it is, and what it has written."""

    name: str
    tests: int = 0
    ended: int = 0
    lines: list[str] = field(default_factory=list)

    def write(self, line: str) -> None:
        """Keep a line, and show it where it is of interest while others run."""
        self.lines.append(line)
        if found := _COLLECTED.match(line):
            self.tests = int(found[2] or found[1])
        self.ended += bool(_ENDED.match(line))
        if _FAILED.match(line) or ("CI" in os.environ and line and not _PASSED.match(line)):
            click.echo(f"{self.name:11} | {line}")

    @property
    def failure(self) -> Sequence[str]:
        """What the suite wrote about what failed."""
        for number, line in enumerate(self.lines):
            if _DETAILS.fullmatch(line):
                return self.lines[number:]
        return self.lines[-_LAST_LINES:]


@dataclass(frozen=True)
class Run:
    """The suites of one call: what they are given, which run, and what the others came to."""

    name: str
    variables: Mapping[str, str]
    turns: asyncio.Semaphore
    running: dict[str, Suite] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)

    async def suite(self, name: str) -> None:
        """Run a suite when it is its turn, and say what it came to."""
        async with self.turns:
            suite = self.running[name] = Suite(name)
            try:
                result = await self._execute(suite)
            finally:
                del self.running[name]
        self.results.append(result)
        if result.status and "CI" not in os.environ:
            click.echo("\n".join(suite.failure))
        counted = ", ".join(f"{number} {kind}" for kind, number in result.outcomes.items())
        click.echo(f"{name:11} {counted or 'ok'} in {result.seconds:.0f} s")
        for command in result.left:
            click.echo(f"{name:11} left this running, which is ended now: {command:.100}")

    async def progress(self) -> None:
        """Say which suites run, and how far they are, until cancelled."""
        began = time.monotonic()
        while True:
            await asyncio.sleep(_PROGRESS_SECONDS)
            minutes, seconds = divmod(int(time.monotonic() - began), 60)
            suites = ", ".join(
                f"{each.name} {each.ended}/{each.tests or '?'}" for each in self.running.values()
            )
            click.echo(f"{minutes:3}:{seconds:02}      {suites}")

    async def _execute(self, suite: Suite) -> Result:
        used, junit = FOLDER / f"{suite.name}.json", FOLDER / f"{suite.name}.xml"
        used.unlink(missing_ok=True)
        junit.unlink(missing_ok=True)
        folder = tempfile.mkdtemp(prefix=f"aware-{suite.name}-")
        os.chmod(folder, 0o711)  # noqa: PTH101, S103 - some tests run a program as another user
        options = (os.environ.get("PYTEST_ADDOPTS", ""), self.variables.get("PYTEST_ADDOPTS", ""))
        given = {
            **self.variables,
            "PYTEST_ADDOPTS": " ".join(
                (*options, "--verbose", f"--junitxml={junit}", f"--basetemp={folder}/t")
            ),
            "TMPDIR": folder,
            RUN: f"{self.name}-{suite.name}",
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.reaper", str(used)),
            *(sys.executable, "-m", "tox", "-q", "-e", suite.name),
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C comes to it through us
            env={**os.environ, **given},
        )
        try:
            await _follow(suite, process)
        except asyncio.CancelledError:
            # Not by its own method, which may take the status away from `wait`.
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
            await process.wait()
            raise
        status = await process.wait()
        unselected = read_unselected("\n".join(suite.lines))
        return Result(
            suite.name,
            status,
            **json.loads(used.read_text("utf-8")),
            cases=read_cases(junit),
            unselected=unselected,
        )


async def _follow(suite: Suite, process: asyncio.subprocess.Process) -> None:
    """Take what the suite writes, to its end."""
    assert process.stdout is not None
    with (FOLDER / f"{suite.name}.log").open("w", encoding="utf-8", buffering=1) as log:
        async for each in process.stdout:
            line = each.decode("utf-8", "replace").rstrip("\n")
            log.write(f"{line}\n")
            suite.write(line)


def all_suites() -> list[str]:
    """The environments of tox.ini, in their order."""
    parser = ConfigParser(interpolation=None)
    parser.read(ROOT / "tox.ini", "utf-8")
    return [name.strip() for name in parser["tox"]["env_list"].split(",")]


async def run_suites(
    suites: Sequence[str], variables: Mapping[str, str], jobs: int
) -> tuple[list[str], bool]:
    """Run `suites`, `jobs` of them at a time; returns the table, and whether all is well."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)
    began = time.monotonic()
    run = Run(secrets.token_hex(4), variables, asyncio.Semaphore(jobs))
    progress = asyncio.create_task(run.progress())
    async with asyncio.TaskGroup() as group:
        for name in suites:
            group.create_task(run.suite(name))
    progress.cancel()
    lines = [*report(run.results, time.monotonic() - began)]
    click.echo("\n".join(("", *lines)))
    return lines, not any(result.status for result in run.results)


@click.command()
@click.option("--all", "everything", is_flag=True, help="All tests, slow ones and Docker's too.")
@click.option("--jobs", default=(os.cpu_count() or 1) + 1, help="So many suites at a time.")
@click.argument("suites", nargs=-1)
def main(*, everything: bool, jobs: int, suites: Sequence[str]) -> None:
    """Run SUITES, all of tox.ini where none is named, side by side."""
    if unknown := {*suites} - {*all_suites()}:
        raise click.UsageError(f"no suite of tox.ini: {', '.join(unknown)}")
    click.echo("Installing the packages of package-lock.json, where they are missing ...")
    install_packages(ROOT)
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = "make test-all" if everything else "make test"
    machine = (
        f"{command}, {datetime.now(UTC):%Y-%m-%d}: Python {platform.python_version()}, "
        f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} before"
    )
    try:
        given = {} if everything else FAST
        lines, well = asyncio.run(run_suites(suites or all_suites(), given, jobs))
    except asyncio.CancelledError:
        sys.exit("Interrupted; everything that was started has ended.")
    if not suites:
        table_file(command).write_text("\n".join((machine, "", *lines)), "utf-8")
    sys.exit(not well)


if __name__ == "__main__":
    main()
