"""What handlers are given of a body, as Python says it: of every kind, in signatures and models."""

import re
from pathlib import Path

import pytest

from contract.bindable import load_api
from generate.models import models_of
from generate.parameters import parameters
from tests.generate.copying import ROOT

GOOD = ROOT / "tests" / "openapi" / "good"
DESCRIPTION = load_api(GOOD / "v31" / "api.yaml")
MODELS = models_of(DESCRIPTION, "api")


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("merge", "body: m.MergeBody"),
        ("take_optional", "body: m.TakeOptionalBody | str | None, content_type: str | None"),
        ("take_anything", "body: UploadedFile, content_type: str"),
        ("take_any_json", "body: m.TakeAnyJsonBody, content_type: str"),
        (
            "take_several",
            (
                "content_type_query: str | None, body: m.TakeSeveralBody4 | m.TakeSeveralBody5"
                " | UploadedFile | str, content_type: str"
            ),
        ),
        ("take_number", "body: m.TakeNumberBody"),
        ("take_xml", "body: str | UploadedFile | None, content_type: str | None"),
        ("take_form", "body: m.FormSchemaRequest"),
        ("take_multipart", "body: m.TakeMultipartBodyRequest"),
        (
            "take_upload",
            "body: m.TakeUploadBody | UploadedFile | None, content_type: str | None",
        ),
    ],
)
def test_a_handler_is_given_a_body_by_its_types(operation: str, given: str) -> None:
    """One of several, None where it may be left out, and which it is."""
    found = next(each for each in DESCRIPTION.operations if each.id == operation)
    made = parameters(DESCRIPTION, found)
    assert ", ".join(each.written("m") for each in made) == given
    names = {name for each in made for name in each.names}
    assert names == ({"UploadedFile"} if "UploadedFile" in given else set())


@pytest.mark.parametrize(
    ("model", "field"),
    [
        ("TakeMultipartBodyRequest", "title: str"),
        ("TakeMultipartBodyRequest", "count: NotRequired[int]"),
        ("TakeMultipartBodyRequest", "file: NotRequired[UploadedFile]"),
        ("TakeMultipartBodyRequest", "files: NotRequired[list[UploadedFile]]"),
        ("TakeMultipartBodyRequest", "document: NotRequired[UploadedFile]"),
        ("TakeUntypedBody", "any: NotRequired[UploadedFile]"),
        ("TakeUntypedBody", "coded: NotRequired[str]"),
        ("TakeEitherBody1", "file: UploadedFile"),
        ("FormSchemaRequest", "data: NotRequired[str]"),
    ],
)
def test_a_model_of_a_form_has_its_files(model: str, field: str) -> None:
    """As file objects, and texts in base64 as texts."""
    text = re.search(rf"^class {model}\(TypedDict\):\n((?:    .*\n|\n)*)", MODELS, re.MULTILINE)
    assert text is not None
    assert f"    {field}\n" in text[1]
    assert "from contract.bodies.files import UploadedFile" in MODELS


def test_models_without_files_import_none() -> None:
    """Nothing that they do not need."""
    order = load_api(Path(ROOT, "specs", "order.yaml"))
    assert "UploadedFile" not in models_of(order, "order")
