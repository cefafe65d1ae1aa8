"""The parameters in headers."""

from collections.abc import Iterable
from typing import Any

from starlette.types import Scope

from contract.errors import ValidationIssue
from contract.parameters.decoder import Decoder
from contract.parameters.styles import Misfit


class Headers:
    """Reads the headers of one operation. Those that the spec does not name are nobody's."""

    def __init__(self, decoders: Iterable[Decoder]) -> None:
        self._decoders = {each.parameter.name.lower().encode(): each for each in decoders}
        self._conditions = {each for each in self._decoders.values() if each.parameter.is_condition}

    def __call__(
        self, scope: Scope, arguments: dict[str, Any], issues: list[ValidationIssue]
    ) -> None:
        """Put what was sent among the arguments: lines of one name are one list (RFC 9110, 5.3)."""
        found: dict[Decoder, list[str]] = {}
        for name, line in scope["headers"]:
            decoder = self._decoders.get(name)
            if decoder is not None:
                found.setdefault(decoder, []).append(line.decode("latin-1"))
        for decoder, lines in found.items():
            parameter = decoder.parameter
            if decoder in self._conditions:  # text, of which several lines are one list
                arguments[parameter.python_name] = ", ".join(lines)
                continue
            arguments[parameter.python_name] = None
            try:
                arguments[parameter.python_name] = decoder.of_texts(lines)
            except Misfit as misfit:
                issues.append(ValidationIssue(str(misfit), parameter=parameter.name))
