"""No log quotes personal data: a plugin that looks at the logs of everything a session started.

All test data are made up, so that every e-mail address in a log, and the street of the specs'
example, is one that a test has planted.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples import ADDRESS

# RabbitMQ's node, whose name is in names of files, is nobody; nor is who built Prometheus.
_NOBODY = r"(?!rabbit@|team\+pkg-go@tracker\.debian\.org)"
# As they are, and as a path or a form has them.
_STREET = r"(?: |\+|%20)".join(map(re.escape, ADDRESS["street"].split())).replace(",", "(?:,|%2C)")
_PLANTED = re.compile(
    rf"(?<![\w.+-]){_NOBODY}[\w.+-]+(?:@|%40|\\u0040)[\w-]+(?:\.[\w-]+)+|{_STREET}"
)
# On one's own machine MongoDB's log is as it comes: these messages quote what was refused.
_OF_MONGODB = re.compile(r'"s":"[WE]", +"c":"(?:COMMAND|QUERY|WRITE)"')
_reported: list[str] = []


def personal_data(log: str) -> list[str]:
    """The lines of a log that quote personal data, cut to where they do."""
    found = ((line, _PLANTED.search(line)) for line in log.splitlines())
    return [line[max(0, each.start() - 200) : each.end()] for line, each in found if each]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Look at what processes of a test wrote to the standard error that they share with it."""
    for name, text in report.sections:
        if "stderr" in name:
            _reported.extend(f"{report.nodeid}: {line}" for line in personal_data(text))


@pytest.fixture(scope="session", autouse=True)
def no_personal_data_in_logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fail where a log of this session quotes personal data; looks when all processes ended."""
    yield
    found = list(_reported)
    for log in tmp_path_factory.getbasetemp().rglob("*.log"):
        found += [f"{log}: {line}" for line in personal_data(_read(log))]
    assert not found, "\n".join(found[:20])


def _read(log: Path) -> str:
    text = log.read_text(errors="replace")
    if log.name != "mongodb.log":
        return text
    return "\n".join(line for line in text.splitlines() if not _OF_MONGODB.search(line))
