"""What a client sends by the text of OpenAPI is what a handler is given."""

import json
import os

import pytest
import yaml
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.openapi.random.cases import Case, Trial, cases
from tests.openapi.random.client import Request
from tests.openapi.random.judging import arrived, came_back
from tests.openapi.random.service import Service
from tests.openapi.random.wrong import Wrong, wrongs

EXAMPLES = int(os.environ.get("RANDOM_EXAMPLES", "300"))
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


def told(case: Case, request: Request) -> None:
    """Print description and request, where they are the smallest that fail."""
    note(yaml.safe_dump(case.document, sort_keys=False, allow_unicode=True))
    note(request.as_curl())


@pytest.mark.timeout(3600)
@LEISURELY
@given(cases())
def test_what_is_sent_arrives_and_what_is_answered_comes_back(case: Case) -> None:
    """Every parameter of every place and style, every body, and every answer."""
    service = Service(case.document)
    for trial in case.trials:
        told(case, trial.request)
        service.answer = trial.answer.returned
        reply = service.ask(trial.request, cut=len(trial.request.body) // 2)
        assert service.given is not None, (reply.status, reply.body, service.error)
        [operation] = service.description.operations
        assert arrived(case, trial, operation, service.given) == {}
        assert came_back(trial, reply) == {}, service.error


@pytest.mark.timeout(3600)
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
