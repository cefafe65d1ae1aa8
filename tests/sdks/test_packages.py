"""The packages: names, versions, methods, and nothing internal."""

import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from generate.node import install_packages
from generate.published import published_document
from generate.sdks import SdkError, make_sdks
from openapi.description import Operation
from openapi.names import class_name
from openapi.reading import load_description
from services.declaration import Service
from services.reading import declared
from tests.declaring import copy_declared

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
each_service = pytest.mark.parametrize(
    "service", declared().with_clients, ids=lambda each: each.clients
)


def version(service: Service) -> str:
    """`info.version`."""
    return str(published_document(service.spec)["info"]["version"])


def operations(service: Service) -> tuple[Operation, ...]:
    """The operations of the spec."""
    return load_description(service.spec).operations


def public(service: Service) -> set[str]:
    """The operations that clients may call."""
    return {each.id for each in operations(service) if not each.internal}


def classes(service: Service) -> set[str]:
    """What the generators call the classes of the operations: by their tags."""
    tags = {tag for each in operations(service) if not each.internal for tag in each.tags}
    return {f"{class_name(tag)}Api" for tag in tags}


@each_service
def test_they_have_name_and_version_of_their_api(packages: Path, service: Service) -> None:
    """Wheel, source package and npm tarball."""
    name = service.clients.replace("-", "_")
    with zipfile.ZipFile(packages / f"{name}-{version(service)}-py3-none-any.whl") as wheel:
        metadata = wheel.read(f"{name}-{version(service)}.dist-info/METADATA").decode()
    told = Parser().parsestr(metadata)
    assert (told["Name"], told["Version"]) == (service.clients, version(service))
    with tarfile.open(packages / f"{name}-{version(service)}.tar.gz") as source:
        assert f"{name}-{version(service)}/{name}/py.typed" in source.getnames()
    with tarfile.open(packages / f"{service.clients}-{version(service)}.tgz") as tarball:
        file = tarball.extractfile("package/package.json")
        assert file is not None
        package = json.load(file)
        assert {"package/dist/index.js", "package/dist/index.d.ts"} <= set(tarball.getnames())
    assert (package["name"], package["version"]) == (service.clients, version(service))
    assert "dependencies" not in package


@each_service
def test_python_has_a_method_for_each_public_operation(python: Path, service: Service) -> None:
    """By its operationId; besides, the generator's two variants of each."""
    module = service.clients.replace("-", "_")
    names = ", ".join(f"*vars({module}.{name})" for name in sorted(classes(service)))
    program = f"import {module}, json; print(json.dumps([{names}]))"
    written = subprocess.run([python, "-c", program], check=True, capture_output=True).stdout
    methods = {each for each in json.loads(written) if not each.startswith("_")}
    variants = ("", "_with_http_info", "_without_preload_content")
    assert methods == {f"{each}{variant}" for each in public(service) for variant in variants}


@each_service
def test_typescript_has_a_method_for_each_public_operation(project: Path, service: Service) -> None:
    """By its operationId in camel case; besides, the generator's two variants of each."""
    folder = project / "node_modules" / service.clients / "dist" / "apis"
    written = "".join((folder / f"{name}.d.ts").read_text("utf-8") for name in classes(service))
    methods = set(re.findall(r"^    (\w+)\(", written, re.MULTILINE))
    names = {re.sub(r"_(\w)", lambda match: match[1].upper(), each) for each in public(service)}
    assert methods == {
        f"{each}{variant}" for each in names for variant in ("", "Raw", "RequestOpts")
    }


@each_service
def test_nothing_internal_is_in_them(packages: Path, service: Service) -> None:
    """Neither an internal operation's name nor its words, in any file of any package."""
    internal = [each for each in operations(service) if each.internal]
    words = [each.id for each in internal]
    words += [each.description for each in internal if each.description]
    camel = [re.sub(r"_(\w)", lambda match: match[1].upper(), each.id) for each in internal]
    for language in ("python", "typescript"):
        folder = packages / language / service.clients
        files = [each for each in folder.rglob("*") if each.is_file()]
        assert len(files) > 10
        for file in files:
            text = file.read_text("utf-8")
            assert not [word for word in (*words, *camel, "x-internal") if word in text], file


def test_the_programs_fit_the_types_of_the_packages(python: Path) -> None:
    """What the packages say of their types, mypy believes; tsc has compiled the other program."""
    program = Path(__file__).with_name("paper.py")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-incremental"]
    checked = subprocess.run(
        [*command, f"--python-executable={python}", "--follow-imports=silent", str(program)],
        cwd=program.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_what_was_there_stays_where_one_cannot_be_made(tmp_path: Path) -> None:
    """All packages or none; and the error says which could not be made."""
    install_packages(ROOT)
    broken, target = tmp_path / "repository", tmp_path / "sdks"
    copy_declared(broken)
    shutil.copytree(ROOT / "sdks", broken / "sdks")
    for name in ("package-lock.json", "node_modules"):
        (broken / name).symlink_to(ROOT / name)
    for language in ("python", "typescript"):
        (broken / "sdks" / f"{language}.yaml").write_text("generatorName: cobol\n")
    target.mkdir()
    (target / "kept").touch()
    with pytest.raises(SdkError, match="aware-users for python cannot be made"):
        make_sdks(broken, target)
    assert [each.name for each in target.iterdir()] == ["kept"]
