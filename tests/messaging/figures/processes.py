"""Several processes of one part of a system."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from subprocess import DEVNULL, Popen

import httpx
import psutil

from local.ports import HOST, free_port
from local.stack import ROOT, Stack
from tests.waiting import until


@contextmanager
def running(stack: Stack, part: str, count: int) -> Iterator[list[psutil.Process]]:
    """So many processes of a part, each with an address of its own, when they are ready."""
    started = []
    ports = [free_port() for _ in range(count)]
    try:
        for port in ports:
            environment = stack.environment(part) | {
                "HEALTH_BIND": f"{HOST}:{port}",
                "RABBITMQ_QUEUE_PARTS": str(count),
            }
            command = [sys.executable, "-m", "aware", "run", part]
            started.append(
                Popen(command, env=environment, cwd=ROOT, stdout=DEVNULL, stderr=DEVNULL)
            )
        for port in ports:
            until(partial(_is_ready, port), f"{part} at {port} is ready")
        yield [psutil.Process(each.pid) for each in started]
    finally:
        for each in started:
            each.terminate()
        for each in started:
            each.wait()


def _is_ready(port: int) -> bool:
    try:
        ready = f"http://{HOST}:{port}/health/ready"
        return httpx.get(ready, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False
