"""Every operation of the user API, and what v1 and v2 do alike and otherwise."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest

from models.fields.user import User
from tests.examples import ADDRESS
from tests.services.conftest import new_email, new_user


def create(users: httpx.Client, **fields: object) -> dict[str, object]:
    """A new user, as answered."""
    answer = users.post("/users/", json=new_user(**fields))
    assert answer.status_code == 201, answer.text
    user: dict[str, object] = answer.json()
    return user


def test_a_user_is_created_as_sent(users: httpx.Client) -> None:
    """201, all fields as sent, an id, and a Location that leads to the same user."""
    sent = new_user(
        **{User.firstName: "Jane", User.lastName: "Smith", User.phoneNumber: "14155551234"}
    )
    answer = users.post("/users/", json=sent)
    assert answer.status_code == 201
    user = answer.json()
    assert {name: user[name] for name in sent} == sent
    assert answer.headers["Location"] == f"/users/{user[User.userId]}"
    assert users.get(answer.headers["Location"]).json() == user


def test_the_trailing_slash_does_not_matter(users: httpx.Client) -> None:
    """Served, not redirected."""
    user = users.post("/users", json=new_user()).json()
    path = f"/users/{user[User.userId]}/"
    assert users.get(path).json() == user
    assert users.put(path, json={User.deliveryAddress: ADDRESS}).status_code == 200


@pytest.mark.parametrize("field", [User.emails, User.deliveryAddress])
def test_an_update_replaces_what_was_sent_and_nothing_else(users: httpx.Client, field: str) -> None:
    """One object comes back: the user after the change."""
    before = create(users, **{User.firstName: "Jane"})
    change = {
        User.emails: [new_email(), new_email()],
        User.deliveryAddress: ADDRESS | {"city": "Oslo"},
    }
    answer = users.put(f"/users/{before[User.userId]}", json={field: change[field]})
    assert answer.status_code == 200
    after = answer.json()
    after.pop(User.updatedAt, None)
    before.pop(User.updatedAt, None)
    assert after == before | {field: change[field]}


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_an_unknown_user_is_404(users: httpx.Client, method: str) -> None:
    """An id of the right shape that nobody has."""
    answer = users.request(method, "/users/nobody", json={User.deliveryAddress: ADDRESS})
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:aware:problem:not-found"


@pytest.mark.parametrize(
    "body", [{}, {User.updatedAt: "2026-11-22T10:15:30Z"}, {User.firstName: "Jane"}, [], "x", 1]
)
def test_an_update_without_contact_data_is_400(users: httpx.Client, body: object) -> None:
    """There is nothing to do, or it is not for this operation."""
    assert users.put("/users/u1", json=body).status_code == 400


def test_an_address_belongs_to_one_user_whatever_its_letter_case(users: httpx.Client) -> None:
    """409, and the element of the request that is taken is named."""
    email = new_email()
    create(users, **{User.emails: [email]})
    answer = users.post("/users/", json=new_user(**{User.emails: [new_email(), email.upper()]}))
    assert answer.status_code == 409
    assert answer.json()["errors"] == [
        {"pointer": f"#/{User.emails}/1", "detail": "belongs to another user"}
    ]
    other = create(users)
    answer = users.put(f"/users/{other[User.userId]}", json={User.emails: [email.title()]})
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["pointer"] == f"#/{User.emails}/0"


def test_an_address_that_was_given_up_is_free_at_once(users: httpx.Client) -> None:
    """The next one may have it, and its owner may have written it otherwise."""
    email = new_email()
    first = create(users, **{User.emails: [email]})
    path = f"/users/{first[User.userId]}"
    assert users.put(path, json={User.emails: [email.upper()]}).status_code == 200
    assert users.put(path, json={User.emails: [new_email()]}).status_code == 200
    assert create(users, **{User.emails: [email]})[User.emails] == [email]


def test_two_spellings_of_one_address_in_one_request_are_400(users: httpx.Client) -> None:
    """The request contradicts itself."""
    email = new_email()
    answer = users.post("/users/", json=new_user(**{User.emails: [email, email.upper()]}))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == f"#/{User.emails}"


def test_of_many_at_once_one_gets_the_address(v1: httpx.Client, v2: httpx.Client) -> None:
    """Under concurrency, over both builds, the address has one owner."""
    email = new_email()
    body = new_user(**{User.emails: [email]})
    with ThreadPoolExecutor(20) as pool:
        answers = pool.map(lambda n: (v1, v2)[n % 2].post("/users/", json=body), range(40))
        statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] + [409] * 39


def test_v1_keeps_the_times_that_were_sent(v1: httpx.Client) -> None:
    """In UTC with milliseconds, whatever the offset they came with; none where none was sent."""
    user = create(
        v1,
        **{
            User.createdAt: "2026-11-22T10:15:30.1239+02:00",
            User.updatedAt: "2020-01-01T00:00:00Z",
        },
    )
    assert user[User.createdAt] == "2026-11-22T08:15:30.123Z"
    assert user[User.updatedAt] == "2020-01-01T00:00:00.000Z"
    path = f"/users/{user[User.userId]}"
    untouched = v1.put(path, json={User.deliveryAddress: ADDRESS}).json()
    assert untouched[User.updatedAt] == "2020-01-01T00:00:00.000Z"
    moment = "1999-12-31T23:59:59Z"
    back = v1.put(path, json={User.deliveryAddress: ADDRESS, User.updatedAt: moment}).json()
    assert back[User.updatedAt] == "1999-12-31T23:59:59.000Z"
    assert not {User.createdAt, User.updatedAt} & create(v1).keys()


def test_v2_sets_the_times_itself(v2: httpx.Client) -> None:
    """Whatever was sent."""
    before = datetime.now(UTC)
    user = create(
        v2, **{User.createdAt: "1999-12-31T23:59:59Z", User.updatedAt: "1999-12-31T23:59:59Z"}
    )
    moment = datetime.fromisoformat(str(user[User.createdAt]))
    assert abs((moment - before).total_seconds()) < 60
    assert user[User.updatedAt] == user[User.createdAt]
    body = {User.deliveryAddress: ADDRESS, User.updatedAt: "1999-12-31T23:59:59Z"}
    changed = v2.put(f"/users/{user[User.userId]}", json=body).json()
    assert changed[User.createdAt] == user[User.createdAt]
    assert changed[User.updatedAt] >= user[User.updatedAt]


def test_v2_never_sets_updated_at_back(v1: httpx.Client, v2: httpx.Client) -> None:
    """A time in the future that v1 stored stays."""
    user = create(v1, **{User.updatedAt: "2999-01-01T00:00:00Z"})
    changed = v2.put(f"/users/{user[User.userId]}", json={User.deliveryAddress: ADDRESS}).json()
    assert changed[User.updatedAt] == "2999-01-01T00:00:00.000Z"


def test_every_answer_names_its_build(v1: httpx.Client, v2: httpx.Client) -> None:
    """Errors too."""
    for client, build in ((v1, "v1"), (v2, "v2")):
        for path in ("/users/u2", "/users/nobody", "/nowhere"):
            assert client.get(path).headers["X-Service-Version"] == build
