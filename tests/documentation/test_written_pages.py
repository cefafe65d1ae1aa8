"""Pages that follow from the code are up to date, and what they need is not forgotten."""

import re
from pathlib import Path

import pytest

from documentation.decisions import FOLDER, DecisionError, decision_index
from documentation.environment_reads import NAME, environment_reads
from documentation.settings_reference import (
    SECTIONS,
    UndocumentedSettingError,
    settings_reference,
)
from documentation.site import stale_pages
from documentation.site_settings import SiteSettings
from gateway.splits import FIRST_SHARE
from settings.environment import SettingError
from tests.documentation.pages import ROOT, read, tracked


def test_no_written_page_is_stale() -> None:
    """`make docs` writes those that are."""
    assert stale_pages(ROOT) == []


def test_a_written_page_that_differs_is_stale(tmp_path: Path) -> None:
    """Settings from changed code, for one."""
    _copy(tmp_path)
    file = tmp_path / "processes" / "settings.py"
    file.write_text(file.read_text("utf-8").replace("worker processes of", "workers of"), "utf-8")
    assert [each.name for each in stale_pages(tmp_path)] == ["settings.md"]


def test_every_variable_that_the_code_reads_is_in_the_reference() -> None:
    """Wherever it is read: a file that no section names is found."""
    page = read("docs/settings.md")
    named = {file for section in SECTIONS for file in section.files}
    for name in tracked():
        if not name.endswith(".py") or name.startswith(("tests/", "sdks/")) or name in named:
            continue
        for variable in re.findall(rf"environ(?:ment)?(?:\.get\(|\[)\"({NAME})\"", read(name)):
            if variable not in _NOT_OURS:
                assert f"`{variable}`" in page or f"\n{variable}=" in page, f"{name}: {variable}"


_NOT_OURS = {
    "PATH",  # the shell's
    "PROMETHEUS_MULTIPROC_DIR",  # set by gunicorn.conf.py for prometheus-client
    "PYTHONPATH",
}


def test_a_variable_without_a_meaning_is_refused(tmp_path: Path) -> None:
    """Its name and its file are said."""
    _copy(tmp_path)
    file = tmp_path / "processes" / "settings.py"
    file.write_text(file.read_text("utf-8").replace('"WORKERS"', '"WORKER_COUNT"'), "utf-8")
    message = r"processes/settings\.py: WORKERS?(_COUNT)?: .* missing"
    with pytest.raises(UndocumentedSettingError, match=message):
        settings_reference(tmp_path)


def test_limits_and_defaults_are_those_of_the_code() -> None:
    """Read from the calls, whichever reader they belong to."""
    found = {
        (file, each.name): each
        for file in ("processes/settings.py", "gateway/settings.py", "local/commands.py")
        for each in environment_reads(ROOT, file)
    }
    workers = found["processes/settings.py", "WORKERS"]
    assert (workers.takes, workers.default) == ("a whole number from 1 to 64", "1")
    p = found["gateway/settings.py", "P_VALUE"]
    assert (p.takes, p.default) == ("a whole number from 0 to 100", "")
    assert found["gateway/settings.py", "KONG_PROXY_LISTEN"].default == "127.0.0.1:8000"
    assert found["local/commands.py", "P_VALUE"].default == str(FIRST_SHARE)


def test_the_index_has_every_record_with_its_title_and_status() -> None:
    """By number."""
    index = decision_index(ROOT)
    records = [each for each in tracked() if re.match(r"docs/adr/\d{4}-", each)]
    assert [row.split("|")[1].strip() for row in index.splitlines() if row.startswith("| ")][
        2:
    ] == [str(int(Path(each).name[:4])) for each in sorted(records)]


@pytest.mark.parametrize("part", ["Context", "Decision", "Alternatives", "Consequences"])
def test_every_record_keeps_to_the_template(part: str) -> None:
    """All of its parts are there."""
    for each in tracked():
        if re.match(r"docs/adr/\d{4}-", each):
            assert f"\n## {part}\n" in read(each), each


def test_a_record_without_a_status_is_refused(tmp_path: Path) -> None:
    """Its file is said."""
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "0099-new.md").write_text("# 99. Do something\n", "utf-8")
    with pytest.raises(DecisionError, match=r"0099-new\.md"):
        decision_index(tmp_path)


def test_the_api_pages_name_the_gateway_of_make_up_by_default() -> None:
    """And what API_SERVERS says, where it says something."""
    assert SiteSettings.from_environment({}).servers == ("http://127.0.0.1:8000",)
    given = SiteSettings.from_environment({"API_SERVERS": "https://a.example,https://b.example/x"})
    assert given.servers == ("https://a.example", "https://b.example/x")


@pytest.mark.parametrize("name", ["API_SERVERS", "REPOSITORY_URL"])
def test_an_address_that_is_none_is_refused(name: str) -> None:
    """The variable is named."""
    with pytest.raises(SettingError, match=f"{name} must be .* not 'here'"):
        SiteSettings.from_environment({name: "here"})


def _copy(target: Path) -> None:
    """What the written pages are made from."""
    files = {file for section in SECTIONS for file in section.files} | {".env.example"}
    files |= {each for each in tracked() if each.startswith("docs/adr/")}
    files |= {f"docs/{page}.md" for page in ("settings", "metrics", "alerts")}
    files |= {"deploy/observability/rules.yml"}
    for name in files:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(read(name), "utf-8")
