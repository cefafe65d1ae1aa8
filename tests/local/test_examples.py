"""The requests that a start prints."""

import json
import shlex

from local.examples import requests
from models.fields.order import Order
from models.fields.user import User


def test_the_requests_are_all_that_clients_may_send() -> None:
    """In the order of the specs, with their examples; what is internal is left out."""
    lines = [shlex.split(request) for request in requests("http://gateway")]
    assert [line[2:5] if "-X" in line else line[2:] for line in lines] == [
        ["-X", "POST", "http://gateway/users/"],
        ["-X", "PUT", "http://gateway/users/u1"],
        ["http://gateway/orders/?status=under%20process"],
        ["-X", "POST", "http://gateway/orders/"],
        ["http://gateway/orders/o1"],
        ["-X", "PUT", "http://gateway/orders/o1/status"],
        ["-X", "PUT", "http://gateway/orders/o1/details"],
    ]


def test_the_bodies_are_the_examples_of_the_specs() -> None:
    """JSON that a shell passes on as it is."""
    created, *_, status, _details = [shlex.split(each) for each in requests("http://gateway")]
    assert json.loads(created[-1])[User.emails] == ["jane.smith@personal.com"]
    assert json.loads(status[-1]) == {Order.orderStatus: "shipping"}
