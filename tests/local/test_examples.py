"""The five requests that a start prints."""

import json
import shlex

from local.examples import requests
from models.fields.order import Order
from models.fields.user import User


def test_the_five_requests_are_those_of_the_paper() -> None:
    """In its order, on its user and its order."""
    lines = [shlex.split(request) for request in requests("http://gateway")]
    assert [line[2:5] if "-X" in line else line[2:] for line in lines] == [
        ["-X", "POST", "http://gateway/users/"],
        ["-X", "PUT", "http://gateway/users/u1"],
        ["-X", "POST", "http://gateway/orders/"],
        ["-X", "PUT", "http://gateway/orders/o1/status"],
        ["http://gateway/orders/?status=under%20process"],
    ]


def test_the_bodies_are_the_examples_of_the_specs() -> None:
    """JSON that a shell passes on as it is."""
    created, *_, status, _listed = [shlex.split(request) for request in requests("http://gateway")]
    assert json.loads(created[-1])[User.emails] == ["jane.smith@personal.com"]
    assert json.loads(status[-1]) == {Order.orderStatus: "shipping"}
