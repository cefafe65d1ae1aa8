"""Client packages in Python and TypeScript, one for each API and one of all."""

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from generate.client_operations import ClientOperation, client_operations
from generate.formatting import docstring, formatted
from generate.node import node_command, run_tool
from generate.published import published_document
from generate.python_client import python_module
from generate.templates import filled
from generate.typescript_client import camel_case, typescript_module
from openapi.description import Description
from openapi.reading import load_description
from services.reading import read

JOINED = "aware-services"
"""The packages that have all APIs."""


class SdkError(Exception):
    """A package cannot be made; the message says which and why."""


@dataclass(frozen=True)
class Sdk:
    """The packages of one API, or of several: their name on PyPI and npm, and their version.

    `apis` are by the names of their modules; the only one of a package of its own has none.
    """

    name: str
    version: str
    title: str
    apis: Mapping[str, Description]

    @property
    def module(self) -> str:
        """What Python imports."""
        return self.name.replace("-", "_")

    def values(self, operations: Mapping[str, list[ClientOperation]]) -> dict[str, object]:
        """What the templates are filled with."""
        documents = [each.document["info"] for each in self.apis.values()]
        return {
            "name": self.name,
            "module": self.module,
            "version": self.version,
            "modules": [name for name in self.apis if name],
            "title": self.title,
            "text": documents[0].get("description", "") if len(documents) == 1 else "",
            "description": f"Client of {self.title}",
            "license": _license(documents[0].get("license", {})),
            "author": documents[0].get("contact", {}).get("name", ""),
            "methods": [
                (f"{name}." if name else "", each, camel_case(each.name))
                for name, all_ in operations.items()
                for each in all_
            ],
        }


def _line(text: str) -> str:
    """The text in one line."""
    return " ".join(text.split())


def _license(said: Mapping[str, str]) -> str:
    """What packages may say of a licence: an expression of SPDX, or nothing."""
    try:
        return str(canonicalize_license_expression(said.get("identifier") or said.get("name", "")))
    except InvalidLicenseExpression:
        return ""


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
            tasks = [
                pool.submit(make, root, each, made)
                for each in sdks(root, Path(folder))
                for make in _LANGUAGES
            ]
            for task in tasks:
                task.result()
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(made, target)
    return sorted(each for each in target.iterdir() if each.is_file())


def sdks(root: Path, folder: Path) -> list[Sdk]:
    """The packages of what is declared."""
    services = read(root).with_clients
    apis = {each.api: described(each.spec, folder) for each in services}
    made = [sdk(each.clients, apis[each.api]) for each in services]
    versions = [map(int, each.version.split(".")) for each in made]
    version = ".".join(str(sum(each)) for each in zip(*versions, strict=True))
    return [*made, Sdk(JOINED, version, "all services", apis)]


def described(spec: Path, folder: Path) -> Description:
    """The API as its clients may see it."""
    document = folder / f"{spec.stem}.json"
    document.write_text(json.dumps(published_document(spec)), "utf-8")
    return load_description(document)


def sdk(name: str, description: Description) -> Sdk:
    """The packages of an API.

    Raises:
        SdkError: Packages cannot have the version of the API.
    """
    title = _line(description.document["info"]["title"])
    if not re.fullmatch(r"\d+\.\d+\.\d+", description.api_version, re.ASCII):
        raise SdkError(
            f"{name}: info.version {description.api_version} is no version of a package:"
            " write three numbers, such as 1.0.0"
        )
    return Sdk(name, description.api_version, title, {"": description})


def python_sources(root: Path, sdk: Sdk, folder: Path) -> None:
    """Write the sources of a package for Python."""
    package = folder / sdk.module
    shutil.copytree(
        root / "sdks/python/runtime", package / "_runtime", ignore=shutil.ignore_patterns("__*__")
    )
    shutil.copy(root / "sdks/python/runtime/__init__.py", package / "_runtime")
    operations = {name: client_operations(each) for name, each in sdk.apis.items()}
    for name, description in sdk.apis.items():
        heading = docstring(f"{_line(description.document['info']['title'])}.")
        module = python_module(description, operations[name], ".._runtime" if name else "._runtime")
        place = package / name
        place.mkdir(exist_ok=True)
        head = '"""What the API takes and answers. Generated; do not edit."""\n\n'
        _write(root, place / "types.py", head + str(module["types"]))
        for file, template in (("_client.py", "client.py"), ("__init__.py", "api.py")):
            text = filled(f"sdks/python/templates/{template}.jinja", **module, heading=heading)
            _write(root, place / file, text)
    if [*sdk.apis] != [""]:
        text = filled("sdks/python/templates/joined.py.jinja", apis=[*sdk.apis])
        _write(root, package / "__init__.py", text)
    (package / "py.typed").touch()
    for file in ("pyproject.toml", "README.md"):
        text = filled(f"sdks/python/templates/{file}.jinja", **sdk.values(operations))
        (folder / file).write_text(text, "utf-8")


def typescript_sources(root: Path, sdk: Sdk, folder: Path) -> None:
    """Write the sources of a package for TypeScript."""
    shutil.copytree(root / "sdks/typescript/runtime", folder / "src" / "runtime")
    shutil.copy(root / "sdks/typescript/tsconfig.json", folder)
    operations = {name: client_operations(each) for name, each in sdk.apis.items()}
    for name, description in sdk.apis.items():
        place = folder / "src" / name
        place.mkdir(exist_ok=True)
        values = {
            **typescript_module(description, operations[name]),
            "title": _line(description.document["info"]["title"]),
            "runtime": "../runtime" if name else "./runtime",
            "is_single": not name,
        }
        for file, template in (("index.ts", "api.ts"), ("types.ts", "types.ts")):
            text = filled(f"sdks/typescript/templates/{template}.jinja", **values)
            (place / file).write_text(text, "utf-8")
    if [*sdk.apis] != [""]:
        text = filled("sdks/typescript/templates/joined.ts.jinja", apis=[*sdk.apis])
        (folder / "src" / "index.ts").write_text(text, "utf-8")
    for file in ("package.json", "README.md"):
        text = filled(f"sdks/typescript/templates/{file}.jinja", **sdk.values(operations))
        (folder / file).write_text(text, "utf-8")


def _write(root: Path, path: Path, text: str) -> None:
    path.write_text(formatted(text, f"sdks/{path.name}", root), "utf-8")


def _python(root: Path, sdk: Sdk, target: Path) -> None:
    sources = target / "python" / sdk.name
    python_sources(root, sdk, sources)
    build = [sys.executable, "-m", "hatchling", "build", "--directory", str(target)]
    _run(f"{sdk.name} for Python", build, sources)


def _typescript(root: Path, sdk: Sdk, target: Path) -> None:
    sources = target / "typescript" / sdk.name
    typescript_sources(root, sdk, sources)
    what = f"{sdk.name} for TypeScript"
    _run(what, node_command(root, "tsc", "--project", str(sources)), root)
    npm = [str(Path(sys.executable).with_name("npm")), "pack", "--pack-destination", str(target)]
    _run(what, npm, sources)


def _run(what: str, command: Sequence[str], folder: Path) -> None:
    done = run_tool(command, folder)
    if done.returncode != 0:
        last = (f"  {line}" for line in (done.stdout + done.stderr).strip().splitlines()[-10:])
        raise SdkError(f"{what} cannot be made:\n" + "\n".join(last))


_LANGUAGES: tuple[Callable[[Path, Sdk, Path], None], ...] = (_python, _typescript)
