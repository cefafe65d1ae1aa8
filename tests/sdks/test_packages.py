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
from generate.published import APIS, published_document
from generate.sdks import SdkError, make_sdks
from openapi.description import Operation
from openapi.reading import load_description

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NAMES = {"user": "aware-users", "order": "aware-orders"}


def version(api: str) -> str:
    """`info.version`."""
    return str(published_document(ROOT, api)["info"]["version"])


def operations(api: str) -> tuple[Operation, ...]:
    """The operations of the spec."""
    return load_description(ROOT / "specs" / f"{api}.yaml").operations


def public(api: str) -> set[str]:
    """The operations that clients may call."""
    return {each.id for each in operations(api) if not each.internal}


@pytest.mark.parametrize("api", APIS)
def test_they_have_name_and_version_of_their_api(packages: Path, api: str) -> None:
    """Wheel, source package and npm tarball."""
    name = NAMES[api].replace("-", "_")
    with zipfile.ZipFile(packages / f"{name}-{version(api)}-py3-none-any.whl") as wheel:
        metadata = wheel.read(f"{name}-{version(api)}.dist-info/METADATA").decode()
    told = Parser().parsestr(metadata)
    assert (told["Name"], told["Version"]) == (NAMES[api], version(api))
    with tarfile.open(packages / f"{name}-{version(api)}.tar.gz") as source:
        assert f"{name}-{version(api)}/{name}/py.typed" in source.getnames()
    with tarfile.open(packages / f"{NAMES[api]}-{version(api)}.tgz") as tarball:
        file = tarball.extractfile("package/package.json")
        assert file is not None
        package = json.load(file)
        assert {"package/dist/index.js", "package/dist/index.d.ts"} <= set(tarball.getnames())
    assert (package["name"], package["version"]) == (NAMES[api], version(api))
    assert "dependencies" not in package


@pytest.mark.parametrize("api", APIS)
def test_python_has_a_method_for_each_public_operation(python: Path, api: str) -> None:
    """By its operationId; besides, the generator's two variants of each."""
    module, name = NAMES[api].replace("-", "_"), f"{api.capitalize()}sApi"
    program = f"import {module}, json; print(json.dumps([*vars({module}.{name})]))"
    written = subprocess.run([python, "-c", program], check=True, capture_output=True).stdout
    methods = {each for each in json.loads(written) if not each.startswith("_")}
    variants = ("", "_with_http_info", "_without_preload_content")
    assert methods == {f"{each}{variant}" for each in public(api) for variant in variants}


@pytest.mark.parametrize("api", APIS)
def test_typescript_has_a_method_for_each_public_operation(project: Path, api: str) -> None:
    """By its operationId in camel case; besides, the generator's two variants of each."""
    file = f"node_modules/{NAMES[api]}/dist/apis/{api.capitalize()}sApi.d.ts"
    methods = set(re.findall(r"^    (\w+)\(", (project / file).read_text(), re.MULTILINE))
    names = {re.sub(r"_(\w)", lambda match: match[1].upper(), each) for each in public(api)}
    assert methods == {
        f"{each}{variant}" for each in names for variant in ("", "Raw", "RequestOpts")
    }


@pytest.mark.parametrize("api", APIS)
def test_nothing_internal_is_in_them(packages: Path, api: str) -> None:
    """Neither an internal operation's name nor its words, in any file of any package."""
    internal = [each for each in operations(api) if each.internal]
    words = [each.id for each in internal]
    words += [each.description for each in internal if each.description]
    camel = [re.sub(r"_(\w)", lambda match: match[1].upper(), each.id) for each in internal]
    for folder in (packages / "python" / NAMES[api], packages / "typescript" / NAMES[api]):
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
    for name in ("specs", "sdks"):
        shutil.copytree(ROOT / name, broken / name)
    for name in ("package-lock.json", "node_modules"):
        (broken / name).symlink_to(ROOT / name)
    for language in ("python", "typescript"):
        (broken / "sdks" / f"{language}.yaml").write_text("generatorName: cobol\n")
    target.mkdir()
    (target / "kept").touch()
    with pytest.raises(SdkError, match="aware-users for python cannot be made"):
        make_sdks(broken, target)
    assert [each.name for each in target.iterdir()] == ["kept"]
