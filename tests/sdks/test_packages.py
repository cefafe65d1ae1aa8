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

from generate.node import install_packages, node_command
from generate.published import published_document
from generate.sdks import JOINED, SdkError, make_sdks
from generate.typescript_client import camel_case
from openapi.description import Operation
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


def lists(service: Service) -> set[str]:
    """Those whose answers have pages."""
    found = (each for each in operations(service) if "200" in each.responses)
    return {each.id for each in found if "Link" in each.responses["200"].headers}


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
    """By its operationId; a list has an iterator besides."""
    module = service.clients.replace("-", "_")
    for name in ("Client", "AsyncClient"):
        program = f"import {module}, json; print(json.dumps([*vars({module}.{name})]))"
        written = subprocess.run([python, "-c", program], check=True, capture_output=True).stdout
        methods = {each for each in json.loads(written) if not each.startswith("_")}
        assert methods == {*public(service), *(f"iter_{each}" for each in lists(service))}


@each_service
def test_typescript_has_a_function_for_each_public_operation(
    project: Path, service: Service
) -> None:
    """By its operationId in camel case; a list has an iterator besides."""
    file = project / "node_modules" / service.clients / "dist" / "index.d.ts"
    functions = re.findall(r"^export declare function (\w+)", file.read_text("utf-8"), re.MULTILINE)
    names = {*public(service), *(f"iter_{each}" for each in lists(service))}
    assert {*functions} == {camel_case(each) for each in names}


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
        assert len(files) > 5
        for file in files:
            text = file.read_text("utf-8")
            assert not [word for word in (*words, *camel, "x-internal") if word in text], file


def test_the_programs_fit_the_types_of_the_packages(python: Path) -> None:
    """What the packages say of their types, mypy believes; tsc has compiled the other program."""
    program = Path(__file__).with_name("paper.py")
    checked = typed(python, program)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("name", [*(each.clients for each in declared().with_clients), JOINED])
def test_the_packages_are_typed_strictly(packages: Path, python: Path, name: str) -> None:
    """Each by itself."""
    checked = typed(python, packages / "python" / name / name.replace("-", "_"))
    assert checked.returncode == 0, checked.stdout


def test_packages_are_the_same_byte_for_byte(packages: Path, tmp_path: Path) -> None:
    """Whoever makes them, wherever and whenever."""
    again = make_sdks(ROOT, tmp_path / "again")
    assert len(again) == 3 * (len(declared().with_clients) + 1)
    for each in again:
        assert each.read_bytes() == (packages / each.name).read_bytes(), each.name


def test_the_joined_package_has_the_sum_of_the_versions(packages: Path) -> None:
    """So it has a new major version wherever one of the APIs has."""
    versions = [map(int, version(each).split(".")) for each in declared().with_clients]
    total = ".".join(str(sum(each)) for each in zip(*versions, strict=True))
    assert (packages / f"{JOINED}-{total}.tgz").exists()


def test_an_api_whose_version_is_no_packages_is_refused(tmp_path: Path) -> None:
    """By its name."""
    copy_declared(tmp_path)
    spec = tmp_path / "specs" / "user.yaml"
    spec.write_text(spec.read_text("utf-8").replace("version: 1.0.0", "version: '1'", 1), "utf-8")
    with pytest.raises(SdkError, match=r"aware-users: info\.version 1 is no version of a package"):
        make_sdks(tmp_path, tmp_path / "sdks")


def test_what_was_there_stays_where_one_cannot_be_made(tmp_path: Path) -> None:
    """All packages or none; and the error says which could not be made."""
    install_packages(ROOT)
    broken, target = tmp_path / "repository", tmp_path / "sdks"
    copy_declared(broken)
    shutil.copytree(ROOT / "sdks", broken / "sdks")
    for name in ("package-lock.json", "node_modules", "pyproject.toml"):
        (broken / name).symlink_to(ROOT / name)
    (broken / "sdks" / "typescript" / "runtime" / "wire.ts").write_text("export const broken =;")
    target.mkdir()
    (target / "kept").touch()
    with pytest.raises(SdkError, match="aware-users for TypeScript cannot be made"):
        make_sdks(broken, target)
    assert [each.name for each in target.iterdir()] == ["kept"]


def typed(python: Path, program: Path) -> subprocess.CompletedProcess[str]:
    """What mypy says of a program or a package, in the environment of the packages."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-incremental"]
    return subprocess.run(
        [*command, f"--python-executable={python}", "--follow-imports=silent", str(program)],
        cwd=program.parent,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("package", "program", "left_out"),
    [
        ("aware-orders", 'import { getOrder } from "aware-orders"; getOrder({}, {});', "/details"),
        (
            "aware-services",
            'import { getOrder } from "aware-services/order"; getOrder({}, {});',
            "/details",
        ),
    ],
)
def test_a_bundle_has_what_is_called_and_nothing_else(
    project: Path, package: str, program: str, left_out: str
) -> None:
    """The rest is shaken off the tree."""
    source = project / f"{package}.mjs"
    source.write_text(program)
    command = node_command(ROOT, "esbuild", "--bundle", "--format=esm", str(source))
    command.pop(0)  # it is a program of its own
    bundle = subprocess.run(command, cwd=project, check=True, capture_output=True, text=True).stdout
    assert "/orders/{id}" in bundle
    assert left_out not in bundle
