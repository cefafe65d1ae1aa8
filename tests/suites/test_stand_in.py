"""The image of the gateway's stand-in holds every package that its command imports."""

import re
import subprocess
import sys

from tests.documentation.pages import ROOT, read, tracked

_IMPORTED = """
import sys, aware.__main__, aware.gateway
print(*{each.partition(".")[0] for each in sys.modules})
"""


def test_the_stand_in_has_every_package_that_it_imports() -> None:
    """One that is missing would be told only where an engine is."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    ours = {each.partition("/")[0] for each in tracked() if each.endswith("/__init__.py")}
    needed = ours & {*done.stdout.split()}
    copied = re.findall(
        r"^COPY (\w+) /app/", read("tests/compose/gateway/Dockerfile"), re.MULTILINE
    )
    assert needed <= {*copied}
