"""The passwords' file."""

import stat
from pathlib import Path

from local import passwords


def test_passwords_are_made_once(tmp_path: Path) -> None:
    """A second start meets the databases with what the first one gave them."""
    file = tmp_path / "passwords.env"
    assert passwords.load(file) == passwords.load(file)


def test_no_two_passwords_are_the_same(tmp_path: Path) -> None:
    """Nor are those of another system."""
    first = passwords.load(tmp_path / "first")
    second = passwords.load(tmp_path / "second")
    assert len({*first.values(), *second.values()}) == 2 * len(passwords.names())


def test_only_the_owner_reads_the_file(tmp_path: Path) -> None:
    """Whatever the umask."""
    file = tmp_path / "passwords.env"
    passwords.load(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_password_that_came_later_is_added_to_an_older_file(tmp_path: Path) -> None:
    """Those that the databases know stay."""
    file = tmp_path / "passwords.env"
    file.write_text("MONGO_ROOT_PASSWORD=known\n")
    loaded = passwords.load(file)
    assert loaded["MONGO_ROOT_PASSWORD"] == "known"
    assert set(loaded) == set(passwords.names())
    assert passwords.load(file) == loaded


def test_a_file_that_was_cut_off_in_writing_is_no_obstacle(tmp_path: Path) -> None:
    """The start before was killed between two steps."""
    (tmp_path / "passwords.env.unfinished").write_text("half")
    assert set(passwords.load(tmp_path / "passwords.env")) == set(passwords.names())
