"""Services and subscribers, as pages make them, in a copy of the repository that runs."""

import tempfile
from pathlib import Path

import pytest

from local.ports import Ports, free_port, names, variable
from local.stack import Stack
from tests.generate.copying import ROOT, copy_repository
from tests.generate.printed import Change, environment, steps

pytestmark = pytest.mark.slow

PAGES = {
    "events": {"newsletter-service": 5004, "newsletter-subscriber": 5014},
    "own-service": {"stock-service": 5004, "stock-subscriber": 5014},
}
"""The processes that each page adds, and where they listen there."""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("page", PAGES)
def test_each_step_of_the_page_goes_as_printed(page: str) -> None:
    """From a spec and a row to what runs, with the logins of the new processes."""
    ports, own = Ports.free(), {name: free_port() for name in PAGES[page]}
    given = {variable(name): str(ports[name]) for name in names()}
    given |= {variable(name): str(port) for name, port in own.items()}
    replaced = {f"127.0.0.1:{Ports()['gateway']}": ports.address("gateway")}
    replaced |= {
        f"127.0.0.1:{PAGES[page][name]}": f"127.0.0.1:{port}" for name, port in own.items()
    }
    with tempfile.TemporaryDirectory(prefix="page-") as folder:  # a short path, for sockets
        copy = copy_repository(Path(folder))
        try:
            for step in steps(ROOT / "docs" / f"{page}.md", replaced):
                if isinstance(step, Change):
                    wrong = step.apply(copy)
                else:
                    wrong = step.run(copy, environment(**given))
                assert wrong is None, wrong
        finally:
            Stack(copy / ".aware", ports, 70).stop()
