"""The system while it is developed: what is saved is tried, and served if it is good."""

import logging
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import cache_from_source
from pathlib import Path

from watchfiles import watch

from development.concerns import FOLDERS, Concerns
from development.saved_files import SavedFiles
from generate.artefacts import ARTEFACTS
from generate.sources import read_sources
from generate.writing import State, compare, write
from local.environments import SET_UP_OF_MONGODB
from local.errors import LocalError
from local.foreground import InterruptedRun, say
from local.stack import ROOT, Stack
from openapi.errors import InvalidDocumentError
from services.reading import FILE, declared, read

_LOOK = 1000  # milliseconds after which a look is over where nothing was saved


class _RefusedError(LocalError):
    """A process could not start; a line for each reason."""


class Development:
    """Follows what is saved, for a system that runs."""

    def __init__(self, system: Stack) -> None:
        logging.getLogger("watchfiles").setLevel(logging.WARNING)
        self._system = system
        self._concerns = Concerns(declared())
        self._saved = SavedFiles(ROOT, (*FOLDERS, FILE))
        folders = [ROOT / each for each in FOLDERS]
        self._looks: Iterator[object] = watch(
            *folders, rust_timeout=_LOOK, yield_on_timeout=True, raise_interrupt=False
        )
        self._generate()
        self._layouts = self._try_all([*declared().ports])

    def follow(self) -> None:
        """Wait for a second, or until something was saved; then do what follows from it.

        Raises InterruptedRun for a signal that came meanwhile.
        """
        if next(self._looks, None) is None:
            raise InterruptedRun
        saved = self._saved.changed()
        if not saved:
            return
        for file in saved:  # Python takes it for good where it was saved twice within a second
            Path(cache_from_source(file)).unlink(missing_ok=True)
        began = time.monotonic()
        processes = self._concerns.of(saved)
        try:
            self._follow(saved, processes)
        except (InvalidDocumentError, LocalError) as error:
            say(str(error))
            say(f"{', '.join(processes) or 'Everything'}: as before, until that is put right")
            return
        if processes:
            say(f"{', '.join(processes)}: up to date ({time.monotonic() - began:.1f} s)")

    def _follow(self, saved: Collection[Path], processes: Collection[str]) -> None:
        say(f"\nsaved      {', '.join(str(each.relative_to(ROOT)) for each in sorted(saved))}")
        if ROOT / FILE in saved:
            read(ROOT)
            say(f"{FILE}: what it declares now begins with the next `make dev`")
        if self._concerns.are_specs(saved):
            self._generate()
        layouts = self._layouts | self._try_all(processes)
        if layouts != self._layouts:
            self._system.restart((SET_UP_OF_MONGODB,), say)
        self._layouts = layouts
        reloaded = self._concerns.reloadable(saved, processes)
        with ThreadPoolExecutor() as pool:
            reloading = pool.map(self._system.reload, reloaded)
            self._system.restart({*processes} - {*reloaded})
            list(reloading)
        self._concerns.read()

    def _generate(self) -> None:
        """Write what follows from the specs; that was not saved by a person."""
        outcomes = compare(read_sources(ROOT), ARTEFACTS)
        write(ROOT, outcomes)
        for each in outcomes:
            if each.state is not State.CURRENT:
                say(f"{each.state.value:10} {each.path}")
        self._saved.changed()

    def _try_all(self, processes: Iterable[str]) -> dict[str, str]:
        with ThreadPoolExecutor() as pool:
            return dict(zip(processes, pool.map(self._try, processes), strict=True))

    def _try(self, process: str) -> str:
        """Have another process see whether this one could start; what it says of what is stored."""
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "processes.trial", process],
            cwd=ROOT,
            env=self._system.environment(process),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise _RefusedError(done.stderr.strip())
        return done.stdout
