"""`exporter`: metrics of what no other process knows: P as it was set, and the backups."""

import asyncio
import math
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import click
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from structlog import get_logger

from gateway.settings import state_folder
from gateway.splits import splits
from gateway.weight_file import WeightFile
from health.problems import Problem
from health.server import health_server
from messaging.graceful_shutdown import run_until_signal
from observability import metrics
from processes.settings import backups_folder, health_address
from settings.environment import Environment, SettingError
from storage.backup.newest import newest_backup


class ExporterMetrics:
    """The exporter's figures, in a registry of their own."""

    def __init__(
        self, gateway_state: Path, shares: Mapping[str, int], backups: Path | None
    ) -> None:
        """Take the folders that are looked into.

        Args:
            gateway_state: Where the gateway keeps what was set last.
            shares: The percentage of each split that it begins with, by its setting.
            backups: The folder of the backups, or None where nobody is to be told of them.
        """
        self._gateway_state, self._shares, self._backups = gateway_state, shares, backups
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._split = metrics.GATEWAY_SPLIT.register(self.registry)
        if backups is not None:
            self._moment = metrics.BACKUP_TIMESTAMP.register(self.registry)
            self._size = metrics.BACKUP_SIZE.register(self.registry)

    def measure(self) -> None:
        """Look into the folders."""
        for split in splits():
            try:
                kept = WeightFile(self._gateway_state, split).read(self._shares[split.setting])
            except (SettingError, OSError):
                share = math.nan
            else:
                share = kept / 100
            first, rest = split.versions
            self._split.labels(split.name, first).set(share)
            self._split.labels(split.name, rest).set(1 - share)
        if self._backups is not None:
            newest = None
            with suppress(OSError):
                newest = newest_backup(self._backups)
            moment, size = (newest[0].timestamp(), newest[1]) if newest else (0.0, 0)
            self._moment.set(moment)
            self._size.set(size)


@click.command()
def exporter() -> None:
    """Answer GET /metrics at HEALTH_BIND until SIGTERM; reads two folders, and changes nothing."""
    given = Environment()
    shares = {e.setting: given.whole(e.setting, None, 0, 100) for e in splits()}
    asyncio.run(_serve(ExporterMetrics(state_folder(os.environ), shares, backups_folder())))


async def _for_ever() -> None:
    await asyncio.Event().wait()


async def _serve(figures: ExporterMetrics) -> None:
    address = health_address()

    async def checks() -> Mapping[str, Problem | None]:
        return {}

    async def exposition() -> bytes:
        await asyncio.to_thread(figures.measure)
        return generate_latest(figures.registry)

    async with health_server(address.host, address.port, checks, exposition):
        get_logger().info("exporter_started")
        await run_until_signal(_for_ever())
    get_logger().info("exporter_stopped")
