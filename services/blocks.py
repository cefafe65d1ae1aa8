"""Parts of hand-written files that are made from `services.yaml`, each between two comments."""

import re
from collections.abc import Mapping
from pathlib import Path

from openapi.errors import InvalidDocumentError

_BLOCK = re.compile(
    r"^(?P<indent> *)# Made from services\.yaml by `make generate`: (?P<name>[a-z ]+)\n"
    r"(?P<made>.*?)^(?P=indent)# Down to here\.\n",
    re.MULTILINE | re.DOTALL,
)


def with_blocks(root: Path, path: str, blocks: Mapping[str, str]) -> str:
    """A file with these blocks, by their names, as the comments of the file call them.

    Args:
        root: The repository.
        path: The file in it.
        blocks: Lines, indented as they are to stand there.

    Raises:
        InvalidDocumentError: There is no such file, or its blocks are others.
    """
    try:
        text = (root / path).read_text("utf-8")
    except OSError as error:
        raise InvalidDocumentError(f"{path}: {error.strerror}: write the file back") from error
    found = {each["name"] for each in _BLOCK.finditer(text)}
    if found != blocks.keys():
        raise InvalidDocumentError(
            f"{path}: has the parts {', '.join(sorted(found)) or 'none'} between `# Made from "
            f"services.yaml by `make generate`: NAME` and `# Down to here.`, and must have "
            f"{', '.join(sorted(blocks))}: write these comments back"
        )

    def filled(match: re.Match[str]) -> str:
        end = f"{match['indent']}# Down to here.\n"
        return f"{match[0].splitlines()[0]}\n{blocks[match['name']]}{end}"

    return _BLOCK.sub(filled, text)
