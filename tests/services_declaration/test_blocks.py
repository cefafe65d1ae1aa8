"""Parts of hand-written files between two comments."""

from pathlib import Path

import pytest

from openapi.errors import InvalidDocumentError
from services.blocks import with_blocks

TEXT = """\
# by hand
  # Made from services.yaml by `make generate`: one part
  old
  # Down to here.
# by hand
# Made from services.yaml by `make generate`: another
# Down to here.
"""


def test_only_what_is_between_the_comments_is_made(tmp_path: Path) -> None:
    """The second time nothing changes."""
    (tmp_path / "file").write_text(TEXT)
    blocks = {"one part": "  new\n  newer\n", "another": r"\1" + "\n"}
    made = with_blocks(tmp_path, "file", blocks)
    assert made == TEXT.replace("  old\n", "  new\n  newer\n").replace(
        "another\n", "another\n\\1\n"
    )
    (tmp_path / "file").write_text(made)
    assert with_blocks(tmp_path, "file", blocks) == made


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "file: No such file or directory: write the file back"),
        ("", "file: has the parts none between"),
        (TEXT.replace("one part", "a part"), "has the parts a part, another between"),
        (TEXT.replace("  # Down to here.\n", ""), "and must have another, one part: write these"),
    ],
)
def test_what_was_taken_out_by_hand_is_asked_back(
    tmp_path: Path, text: str | None, reason: str
) -> None:
    """In one line."""
    if text is not None:
        (tmp_path / "file").write_text(text)
    with pytest.raises(InvalidDocumentError) as refused:
        with_blocks(tmp_path, "file", {"one part": "", "another": ""})
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)
