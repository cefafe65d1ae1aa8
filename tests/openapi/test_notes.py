"""What a spec leaves unsaid, and `make check` notes once: what is answered all the same."""

from contract.answers.bindable import by_handlers_alone, without_refusals
from openapi.description import Description
from tests.describing import described


def api(content: dict[str, object], *statuses: str) -> Description:
    """A GET that answers with 200 in these media types, and has answers for other statuses."""
    responses: dict[str, object] = {each: {"description": "No."} for each in statuses}
    responses["200"] = {"description": "OK", "content": content}
    operation = {"operationId": "look", "responses": responses}
    info = {"title": "Things", "version": "1"}
    return described({"openapi": "3.1.0", "info": info, "paths": {"/things": {"get": operation}}})


def test_an_operation_that_declares_no_400_is_noted() -> None:
    """A range or a default declares it too."""
    (note,) = without_refusals(api({}))
    assert note.endswith(
        ":1: GET /things: a request that does not fit is answered with 400 all the same: declare it"
    )
    for status in ("400", "4XX", "default"):
        assert [*without_refusals(api({}, status))] == []


def test_a_media_type_that_no_value_is_made_in_is_noted_beside_json() -> None:
    """What holds a value, or stands alone, is not: there a handler cannot but make it."""
    (note,) = by_handlers_alone(api({"application/json": {}, "application/xml": {}}))
    assert ":1: look answer in application/xml what their handlers make, as `Rep" in note
    for other in ("text/csv", "application/vnd.x+json", "*/*", "application/x-www-form-urlencoded"):
        assert [*by_handlers_alone(api({"application/json": {}, other: {}}))] == []
    assert [*by_handlers_alone(api({"application/xml": {}}))] == []
