"""Do the specs keep the rules of `specs/redocly.yaml`?"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generate.node import NodeError, node_command, run_tool
from generate.sources import Sources

CONFIG = "specs/redocly.yaml"

_RAN = (0, 1)
"""Exit codes of the linter when it has read everything."""


def lint(sources: Sources) -> Iterator[str]:
    """What breaks a rule, a line each: file, line, which rule, and what it asks.

    Raises:
        NodeError: The linter cannot be run, or its configuration is wrong.
    """
    seen = set()
    for service in (each for each in sources.declared if each.house_rules):
        spec = service.spec.relative_to(sources.root).as_posix()
        for problem in _problems(sources.root, spec):
            if problem not in seen:  # what specs share is to be told once
                seen.add(problem)
                yield problem


def _problems(root: Path, spec: str) -> Iterator[str]:
    command = node_command(root, "redocly", "lint", spec, f"--config={CONFIG}", "--format=json")
    done = run_tool([*command, "--lint-config=error", "--max-problems=1000"], root)
    if done.returncode not in _RAN or not done.stdout.startswith("{"):
        raise NodeError(f"`redocly lint` failed: {(done.stderr or done.stdout).strip()}")
    found: list[dict[str, Any]] = json.loads(done.stdout)["problems"]
    for problem in found:
        where = problem["location"][0]
        line = where["start"]["line"] if "start" in where else 1
        message = " ".join(problem["message"].split())
        yield f"{where['source']['ref']}:{line}: {problem['ruleId']}: {message}"
