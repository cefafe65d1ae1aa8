"""The exporter says P as it was set, and of when the newest backup is."""

import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aware.exporter import ExporterMetrics
from gateway.splits import splits
from gateway.weight_file import WeightFile
from observability.metrics import BACKUP_SIZE, BACKUP_TIMESTAMP, EXPORTER, GATEWAY_SPLIT, METRICS
from storage.backup.manifest import MANIFEST, Manifest

(SPLIT,) = splits()
MOMENT = datetime(2026, 11, 22, 19, 23, tzinfo=UTC)


def share(figures: ExporterMetrics, version: str) -> float | None:
    """What it says of a version, measured anew."""
    figures.measure()
    labels = {"service": SPLIT.name, "version": version}
    return figures.registry.get_sample_value(GATEWAY_SPLIT.name, labels)


def backup(figures: ExporterMetrics) -> tuple[float | None, float | None]:
    """Moment and size, measured anew."""
    figures.measure()
    value = figures.registry.get_sample_value
    return value(BACKUP_TIMESTAMP.name), value(BACKUP_SIZE.name)


def write(file: Path, moment: datetime) -> None:
    """A backup of that moment, of nothing."""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(MANIFEST, Manifest(moment, "8.0", {}, {}).to_json())


def test_it_exposes_what_is_declared_for_it(tmp_path: Path) -> None:
    """And what every client exposes of its process."""
    registry = ExporterMetrics(tmp_path, {SPLIT.setting: 70}, tmp_path).registry
    found = {each.name for each in registry.collect() if not each.name.startswith("process_")}
    assert found == {each.name for each in METRICS if EXPORTER in each.of}


def test_a_share_is_the_setting_until_another_was_set(tmp_path: Path) -> None:
    """As the gateway has it."""
    figures = ExporterMetrics(tmp_path, {SPLIT.setting: 70}, None)
    assert share(figures, "v1") == 0.7
    assert share(figures, "v2") == pytest.approx(0.3)
    WeightFile(tmp_path, SPLIT).write(20)
    assert (share(figures, "v1"), share(figures, "v2")) == (0.2, 0.8)


def test_a_share_that_cannot_be_read_is_not_a_number(tmp_path: Path) -> None:
    """NaN equals nothing, itself included."""
    figures = ExporterMetrics(tmp_path, {SPLIT.setting: 70}, None)
    WeightFile(tmp_path, SPLIT).path.write_text("many")
    found = share(figures, "v1")
    assert found is not None
    assert found != found  # noqa: PLR0124 - that is what tells NaN


def test_the_newest_backup_counts_whatever_the_files_are_called(tmp_path: Path) -> None:
    """By the moment that each says of itself; what is no backup is passed over."""
    figures = ExporterMetrics(tmp_path, {SPLIT.setting: 70}, tmp_path)
    write(tmp_path / "b.zip", MOMENT)
    write(tmp_path / "z.zip", MOMENT.replace(year=2025))
    (tmp_path / "half.zip").write_bytes(b"PK")
    (tmp_path / "c.zip.unfinished").write_bytes(b"PK")
    size = (tmp_path / "b.zip").stat().st_size
    assert backup(figures) == (MOMENT.timestamp(), size)
    encrypted = tmp_path / "a.zip.age"
    encrypted.write_bytes(b"age-encryption.org/v1 and more")
    (tmp_path / "key.age").write_bytes(b"")
    (tmp_path / "gone.age").symlink_to("nowhere")
    os.utime(encrypted, (MOMENT.timestamp() + 1,) * 2)
    assert backup(figures) == (MOMENT.timestamp() + 1, encrypted.stat().st_size)


@pytest.mark.parametrize("folder", ["empty", "missing"])
def test_no_backup_is_one_of_1970(tmp_path: Path, folder: str) -> None:
    """So that its age is an alert."""
    (tmp_path / "empty").mkdir()
    figures = ExporterMetrics(tmp_path, {SPLIT.setting: 70}, tmp_path / folder)
    assert backup(figures) == (0, 0)


def test_without_a_folder_nothing_is_said_of_backups(tmp_path: Path) -> None:
    """On a laptop nobody makes any."""
    figures = ExporterMetrics(tmp_path, {SPLIT.setting: 70}, None)
    assert backup(figures) == (None, None)
