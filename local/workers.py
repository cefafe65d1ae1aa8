"""gunicorn's workers, which on SIGTERM wait until a gateway has closed its idle connections."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from signal import SIGQUIT
from threading import Timer

import psutil

_GRACE = 0.2  # seconds for requests that are under way


@contextmanager
def hurried(workers: Sequence[psutil.Process]) -> Iterator[None]:
    """Have workers that are to end do so soon, if they have not when this is left."""
    timer = Timer(_GRACE, _quit, [workers])
    timer.start()
    yield
    timer.cancel()


def _quit(workers: Sequence[psutil.Process]) -> None:
    for worker in workers:
        with suppress(psutil.NoSuchProcess):
            worker.send_signal(SIGQUIT)
