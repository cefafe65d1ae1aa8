"""Backups are copied elsewhere, if they are encrypted."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from deploy.copies import Copies
from deploy.errors import DeployError
from deploy.report import Report
from tests.deploy.aws import aws_stand_in
from tests.deploy.missing import missing

FOR = {"BACKUP_RECIPIENTS": "age1somebody"}


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Whom it is told."""
    return Report(tmp_path / "log", "backup")


@pytest.fixture(autouse=True, scope="module")
def rclone() -> None:
    """It is there."""
    if shutil.which("rclone") is None:
        missing("there is no rclone; run tests/install-tools.sh")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A backup."""
    file = tmp_path / "aware-20261127T030000Z.zip.age"
    file.write_bytes(b"age-encryption.org/v1 and more")
    return file


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """What every client of the stand-in for S3 is told."""
    with aws_stand_in() as given:
        yield given


def test_a_backup_is_copied_to_s3(
    s3: dict[str, str], file: Path, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With keys out of the settings, which stand in no log."""
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)  # this rclone knows none
    client = boto3.client("s3", **s3)
    where = {"LocationConstraint": s3["region_name"]}
    client.create_bucket(Bucket="backups", CreateBucketConfiguration=where)
    settings = {
        **FOR,
        "BACKUP_COPY_TO": ":s3:backups/aware",
        "RCLONE_S3_PROVIDER": "Other",
        "RCLONE_S3_ENDPOINT": s3["endpoint_url"],
        "RCLONE_S3_REGION": s3["region_name"],
        "RCLONE_S3_ACCESS_KEY_ID": "AKIDOFOURS",
        "RCLONE_S3_SECRET_ACCESS_KEY": "a-secret-of-ours",
    }
    copies = Copies(settings, report)
    copies.make(file)
    copies.make(file)
    found = client.get_object(Bucket="backups", Key=f"aware/{file.name}")
    assert found["Body"].read() == file.read_bytes()
    said = "".join(each.read_text() for each in (file.parent / "log").iterdir())
    assert f"{file.name} is copied to :s3:backups/aware" in said
    assert "a-secret-of-ours" not in said


def test_without_a_place_nothing_is_copied(file: Path, report: Report) -> None:
    """Nor is anything needed for it."""
    Copies({}, report).make(file)
    assert [each.name for each in file.parent.iterdir() if each.is_file()] == [file.name]


def test_what_anybody_could_read_is_not_let_out(report: Report) -> None:
    """It is refused before a backup is made."""
    with pytest.raises(DeployError, match="BACKUP_RECIPIENTS is not: what leaves this server"):
        Copies({"BACKUP_COPY_TO": ":s3:backups"}, report)


def test_a_place_with_a_secret_in_it_is_refused(report: Report) -> None:
    """Which would stand in arguments and logs; it is not repeated."""
    place = ":s3,secret_access_key=hidden:backups"
    with pytest.raises(DeployError, match="RCLONE_S3_SECRET_ACCESS_KEY") as refused:
        Copies({**FOR, "BACKUP_COPY_TO": place}, report)
    assert "hidden" not in str(refused.value)


def test_what_only_has_the_name_of_an_encrypted_one_is_not_let_out(
    file: Path, report: Report, tmp_path: Path
) -> None:
    """Such as an older version may have written it."""
    file.write_bytes(b"PK")
    with pytest.raises(DeployError, match="is not encrypted, and is not copied"):
        Copies({**FOR, "BACKUP_COPY_TO": f"{tmp_path}/there"}, report).make(file)
    assert not (tmp_path / "there").exists()


def test_a_copy_that_fails_says_so_and_keeps_the_backup(
    file: Path, report: Report, tmp_path: Path
) -> None:
    """With rclone's own reason."""
    (tmp_path / "a-file").touch()
    copies = Copies({**FOR, "BACKUP_COPY_TO": f"{tmp_path}/a-file"}, report)
    with pytest.raises(DeployError, match=f"{file} is written, but could not be copied: rclone"):
        copies.make(file)
    assert file.exists()
