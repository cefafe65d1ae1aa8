"""What a client sends by the text of OpenAPI is what a handler is given."""

import json
import os
from typing import Any

import yaml
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.openapi.random.cases import Case, Trial, cases
from tests.openapi.random.client import File, Request, in_header
from tests.openapi.random.service import Service
from tests.openapi.random.wrong import Wrong, wrongs

EXAMPLES = int(os.environ.get("RANDOM_EXAMPLES", "1000"))
"""How many are tried; more on a day when there is time."""

LEISURELY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)


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


def expected(case: Case, trial: Trial, service: Service) -> dict[str, Any]:
    """What the handler must be given, by its own names."""
    [operation] = service.description.operations
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


def told(case: Case, request: Request) -> None:
    """Print description and request, where they are the smallest that fail."""
    note(yaml.safe_dump(case.document, sort_keys=False, allow_unicode=True))
    note(request.as_curl())


def differences(case: Case, trial: Trial, service: Service) -> dict[str, tuple[Any, Any]]:
    """What a handler was given, or a client answered, that is not what was sent."""
    service.answer = trial.answer.returned
    reply = service.ask(trial.request, cut=len(trial.request.body) // 2)
    if service.given is None:
        return {"call": (None, (reply.status, reply.body, service.error))}
    wanted = expected(case, trial, service)
    found = {name: (wanted[name], service.given.get(name)) for name in wanted}
    answer = trial.answer
    if reply.status != answer.status:
        return {"status": (answer.status, (reply.status, reply.body, service.error))}
    said = reply.headers.get("content-type", "")
    if answer.media_type is not None:
        found["content type"] = (answer.media_type.lower(), said.partition(";")[0].lower())
    found["answer"] = answer.value, answer.read(reply.body, said)
    for name, value in answer.headers.items():
        found[name] = in_header({"in": "header"}, value), reply.headers.get(name.lower())
    return {name: each for name, each in found.items() if not same(*each)}


@LEISURELY
@given(cases())
def test_what_is_sent_arrives_and_what_is_answered_comes_back(case: Case) -> None:
    """Every parameter of every place and style, every body, and every answer."""
    service = Service(case.document)
    for trial in case.trials:
        told(case, trial.request)
        assert differences(case, trial, service) == {}


@LEISURELY
@given(cases(), st.data())
def test_what_is_wrong_is_refused_by_its_name(case: Case, data: st.DataObject) -> None:
    """A request with one fault never reaches the handler, and is told which it is."""
    service = Service(case.document)
    for trial in case.trials:
        wrong = data.draw(st.sampled_from(wrongs(case, trial)))
        told(case, wrong.request)
        assert faults(trial, wrong, service) == {}


def faults(trial: Trial, wrong: Wrong, service: Service) -> dict[str, object]:
    """What is wrong with the refusal of a wrong request."""
    service.answer = trial.answer.returned
    reply = service.ask(wrong.request)
    if reply.status not in wrong.statuses:
        return {"status": reply.status, "body": reply.body, "error": service.error}
    if reply.headers.get("content-type") != "application/problem+json":
        return {"content type": reply.headers.get("content-type")}
    if not wrong.names(json.loads(reply.body)):
        return {"body": reply.body}
    if service.given is not None:
        return {"given": service.given}
    return {}
