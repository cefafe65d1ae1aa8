"""Whether what was sent has arrived, and what was answered has come back."""

from typing import Any

from openapi.description import Operation
from tests.openapi.random.cases import Case, Trial
from tests.openapi.random.client import File, in_header
from tests.openapi.random.service import Reply
from tests.openapi.random.values import Json


def same(sent: Any, given: Any) -> bool:  # noqa: ANN401 - any value
    """Whether two values are the same to JSON: `1` is `1.0`, and `true` is neither."""
    if isinstance(sent, File):
        file = sent.content, sent.filename, sent.media_type
        return isinstance(given, dict) and (*given.values(),) == file
    if isinstance(sent, bytes) and isinstance(given, dict):
        return bool(given["content"] == sent)
    if isinstance(sent, bool) or isinstance(given, bool):
        return sent is given
    if isinstance(sent, dict) and isinstance(given, dict):
        return sent.keys() == given.keys() and all(same(sent[key], given[key]) for key in sent)
    if isinstance(sent, list) and isinstance(given, list):
        return len(sent) == len(given) and all(map(same, sent, given))
    return bool(sent == given)


def expected(case: Case, trial: Trial, operation: Operation) -> dict[str, Any]:
    """What the handler must be given, by its own names."""
    by_key = {(each["in"], each["name"]): each for each in case.parameters}
    found = {}
    for each in operation.parameters:
        key = each.location, each.name
        default = by_key[key].get("schema", {}).get("default")
        found[each.python_name] = trial.sent.parameters.get(key, default)
    if operation.body is not None:
        found["body"] = trial.sent.body
        if len(operation.body.content) > 1 or "*" in "".join(operation.body.content):
            said = trial.sent.media_type
            found["content_type"] = said and said.partition(";")[0]
    return found


Differences = dict[str, tuple[Any, Any]]
"""By name: what is wanted, and what is there instead."""


def arrived(case: Case, trial: Trial, operation: Operation, given: Json) -> Differences:
    """What a handler was given that is not what was sent."""
    wanted = expected(case, trial, operation)
    pairs = {name: (wanted.get(name), given.get(name)) for name in {*wanted, *given}}
    return {name: pair for name, pair in pairs.items() if not same(*pair)}


def came_back(trial: Trial, reply: Reply) -> Differences:
    """What a client was answered that is not what the handler said."""
    answer = trial.answer
    if reply.status != answer.status:
        return {"status": (answer.status, (reply.status, reply.body))}
    said = reply.headers.get("content-type", "")
    found = {"answer": (answer.value, answer.read(reply.body, said))}
    if answer.media_type is not None:
        found["content type"] = (answer.media_type.lower(), said.partition(";")[0].lower())
    for name, value in answer.headers.items():
        found[name] = in_header({"in": "header"}, value), reply.headers.get(name.lower())
    return {name: pair for name, pair in found.items() if not same(*pair)}
