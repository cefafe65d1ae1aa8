"""Client SDKs in Python and TypeScript, by openapi-generator: packages that can be published."""

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generate.node import node_command, run_tool
from generate.published import published_document
from openapi.bundle import Document
from services.reading import read

_GATEWAY = {"url": "http://127.0.0.1:8000", "description": "The gateway as `make up` starts it"}
"""Where a client asks that was not told: an SDK is not served from where the API is."""


_ALIAS = re.compile(r'\balias=("\w+")')
_BOTH_ALIASES = r"validation_alias=\1, serialization_alias=\1"
"""pydantic's names of a field in JSON. To type checkers `alias` is also that of the argument."""


class SdkError(Exception):
    """An SDK cannot be made; the message says which and why."""


@dataclass(frozen=True)
class Sdk:
    """The packages of one API: their name on PyPI and npm, and the version they have from it."""

    name: str
    version: str

    @property
    def module(self) -> str:
        """What Python imports."""
        return self.name.replace("-", "_")


def make_sdks(root: Path, target: Path) -> list[Path]:
    """Write wheel, source package and npm tarball of each API into `target`; all or nothing.

    The sources are beside them, in `python/` and `typescript/`. What was in `target` is gone.

    Returns:
        The packages.

    Raises:
        InvalidDocumentError: A spec cannot be read.
        SdkError: A generator or compiler failed, or is not installed.
        NodeError: npm's packages cannot be had.
    """
    with tempfile.TemporaryDirectory() as folder:  # not in the repository, whose .gitignore applies
        made = Path(folder, "made")
        made.mkdir()
        with ThreadPoolExecutor(2) as pool:
            tasks = []
            for service in read(root).with_clients:
                described = for_generators(published_document(service.spec))
                document = Path(folder, f"{service.api}.json")
                document.write_text(json.dumps(described), "utf-8")
                sdk = Sdk(service.clients, described["info"]["version"])
                tasks += [pool.submit(make, root, sdk, document, made) for make in _LANGUAGES]
            for task in tasks:
                task.result()
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(made, target)
    return sorted(each for each in target.iterdir() if each.is_file())


def for_generators(document: Document) -> Document:
    """The document without what makes generators write wrong code, and with a server to ask.

    Two demands are left to the server. An `anyOf` that only says which properties must be there
    becomes a model without any property in Python; an array of unique items becomes a `Set` in
    TypeScript, which has no order.
    """
    plain: Document = _without_demands(document)
    return plain | {"servers": [_GATEWAY]}


def _without_demands(node: Any) -> Any:  # noqa: ANN401 - JSON is anything
    if isinstance(node, list):
        return [_without_demands(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_demands(value)
        for key, value in node.items()
        if not (key == "uniqueItems" and isinstance(value, bool))
        and not (key == "anyOf" and all(each.keys() == {"required"} for each in value))
    }


def _python(root: Path, sdk: Sdk, document: Path, target: Path) -> None:
    sources = target / "python" / sdk.name
    names = {
        "projectName": sdk.name,
        "packageName": sdk.module,
        "packageVersion": sdk.version,
    }
    _generate(root, "python", names, document, sources)
    for model in (sources / sdk.module / "models").glob("*.py"):
        model.write_text(_ALIAS.sub(_BOTH_ALIASES, model.read_text("utf-8")), "utf-8")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target)]
    _run(f"{sdk.name} for Python", [*build, str(sources)], root)


def _typescript(root: Path, sdk: Sdk, document: Path, target: Path) -> None:
    sources = target / "typescript" / sdk.name
    _generate(
        root, "typescript", {"npmName": sdk.name, "npmVersion": sdk.version}, document, sources
    )
    for page in sources.rglob("*.md"):  # the generator escapes for comments there too
        page.write_text(page.read_text("utf-8").replace("\\'", "'"), "utf-8")
    what = f"{sdk.name} for TypeScript"
    _run(what, node_command(root, "tsc", "--project", str(sources)), root)
    npm = [str(Path(sys.executable).with_name("npm")), "pack", "--pack-destination", str(target)]
    _run(what, npm, sources)


def _generate(
    root: Path, language: str, names: dict[str, str], document: Path, target: Path
) -> None:
    program = Path(sys.executable).with_name("openapi-generator-cli")
    if not program.exists():
        raise SdkError(
            f"{program} is missing: `pip install --require-hashes -r requirements/sdks.txt`"
        )
    properties = ",".join(f"{key}={value}" for key, value in names.items())
    command = [
        *(str(program), "generate", "--config", f"sdks/{language}.yaml"),
        *("--input-spec", str(document), "--output", str(target)),
        *("--additional-properties", properties),
    ]
    _run(f"{names.get('projectName') or names['npmName']} for {language}", command, root)


def _run(what: str, command: Sequence[str], folder: Path) -> None:
    done = run_tool(command, folder)
    if done.returncode != 0:
        raise SdkError(f"{what} cannot be made:\n" + "\n".join(_last(done.stdout + done.stderr)))


def _last(output: str) -> Iterator[str]:
    yield from (f"  {line}" for line in output.strip().splitlines()[-10:])


_LANGUAGES = (_python, _typescript)
