"""From a request to the arguments of its handler: the parameters and the body, read.

Nothing is there twice, and nothing that the spec does not know. Parameters are read by
`contract/parameters/`, bodies by `contract/bodies/`.
"""

from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

from contract.bodies.body_limits import MAX_UPLOAD_BYTES
from contract.bodies.body_reading import BodyReader
from contract.bodies.files import NO_FILES, Spool
from contract.conditions import SENT, sent
from contract.parameters.reader import ParameterReader
from openapi.description import Description

if TYPE_CHECKING:
    from contract.errors import ValidationIssue

ARGUMENTS = "contract_arguments"
"""Key in `scope["extensions"]`: what the handler is called with, by name."""

ISSUES = "contract_issues"
"""Key in `scope["extensions"]`: what is known to be wrong, for the validation to refuse."""

BODY = "contract_body"
"""Key in `scope["extensions"]`: what finishes the body that was read; None where there is none."""


class Arguments:
    """Puts the arguments of the matched operation into the scope.

    Stands between connexion's routing and its request validation, so that what connexion then
    has validated is the very object that the handler gets, and is parsed once.

    Raises (from a call): what `BodyReader` and `ParameterReader` do.
    """

    def __init__(
        self,
        app: ASGIApp,
        description: Description,
        max_upload_bytes: int = MAX_UPLOAD_BYTES,
    ) -> None:
        self._app = app
        self._parameters = {
            each.id: ParameterReader(each, description) for each in description.operations
        }
        self._bodies = {
            each.id: BodyReader(each, each.body, description, max_upload_bytes)
            for each in description.operations
            if each.body is not None
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the arguments and call the next application; uploaded files end with that."""
        extensions = scope["extensions"]
        operation_id = extensions["connexion_routing"]["operation_id"]
        if operation_id is None:
            await self._app(scope, receive, send)
            return
        issues: list[ValidationIssue] = []
        extensions[ISSUES] = issues
        arguments = extensions[ARGUMENTS] = self._parameters[operation_id](scope, issues)
        extensions[SENT], receive = sent(scope, receive)
        reader = self._bodies.get(operation_id)
        if reader is None:
            await self._app(scope, receive, send)
            return
        if not reader.may_have_files:
            extensions[BODY] = await reader(scope, receive, NO_FILES, arguments, issues)
            await self._app(scope, receive, send)
            return
        with Spool() as spool:
            extensions[BODY] = await reader(scope, receive, spool, arguments, issues)
            await self._app(scope, receive, send)
