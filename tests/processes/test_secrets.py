"""Passwords out of the environment, and out of files."""

from pathlib import Path

import pytest

from aware.passwords import refuse_known_passwords
from processes.settings import mongo_settings, password_for, rabbit_settings
from settings.environment import Environment, SettingError

PASSWORD = " p\u00e4ss {{HOME}} $HOME "
"""Nothing in it is anything but itself."""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that GIVEN_FILE names; GIVEN is not set."""
    path = tmp_path / "password"
    monkeypatch.delenv("GIVEN", raising=False)
    monkeypatch.setenv("GIVEN_FILE", str(path))
    return path


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_password_is_what_its_file_holds(file: Path, end: str) -> None:
    """As it stands there, without the line's end."""
    file.write_bytes(f"{PASSWORD}{end}".encode())
    assert Environment().secret("GIVEN") == PASSWORD


def test_a_password_of_the_environment_is_taken_as_it_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where no file is named, or the name is empty."""
    monkeypatch.setenv("GIVEN", PASSWORD)
    monkeypatch.setenv("GIVEN_FILE", "")
    assert Environment().secret("GIVEN") == PASSWORD


def test_a_password_given_twice_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where both are the same."""
    file.write_text("x")
    monkeypatch.setenv("GIVEN", "x")
    with pytest.raises(SettingError, match=r"^GIVEN and GIVEN_FILE are both set: set one of them$"):
        Environment().secret("GIVEN")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"secret\xff", "cannot be read: it is not UTF-8"),
    ],
)
def test_a_file_without_a_password_is_refused(
    file: Path, content: bytes | None, reason: str
) -> None:
    """By the variable, the file, and why; nothing of what it holds is told."""
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingError) as refused:
        Environment().secret("GIVEN")
    assert str(refused.value) == f"GIVEN_FILE: {file} {reason}"


def test_every_password_of_a_process_may_be_in_a_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own in both systems, and those that the set-up gives to others."""
    file.write_text("from a file\n")
    for name in ("MONGO_PASSWORD", "RABBITMQ_PASSWORD", "USER_RELAY_MONGO_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(f"{name}_FILE", str(file))
    monkeypatch.setenv("MONGO_URI", "mongodb://127.0.0.1")
    for name in ("MONGO_USERNAME", "RABBITMQ_HOST", "RABBITMQ_USER"):
        monkeypatch.setenv(name, "x")
    assert mongo_settings().password == "from a file"
    assert rabbit_settings().password == "from a file"
    assert password_for("user-relay", "MONGO") == "from a file"


@pytest.mark.parametrize("suffix", ["", "_FILE"])
def test_a_password_that_everybody_knows_is_refused_beyond_loopback(
    file: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """Wherever it stands."""
    file.write_text("laptop-relay\n")
    monkeypatch.setenv(f"GIVEN_PASSWORD{suffix}", str(file) if suffix else "laptop-relay")
    monkeypatch.setenv("GATEWAY_ADDRESS", "127.0.0.1")
    refuse_known_passwords()
    monkeypatch.setenv("GATEWAY_ADDRESS", "shop.example")
    with pytest.raises(
        SettingError, match=r"^GIVEN_PASSWORD is one of .env.example, which everybody knows"
    ):
        refuse_known_passwords()
