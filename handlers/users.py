"""The operations of the user API, for v1 and v2: they differ in the `times` they are given."""

from contract.answers.returned import Answer
from contract.links import Links
from handlers.times import SENT, Times
from models.fields.user import User
from models.user import NewUser, UserUpdate
from storage.client import Json
from storage.users import Users


async def create_user(body: NewUser, *, users: Users, times: Times, link: Links) -> Answer[Json]:
    """POST /users/: store a user, unless an address is taken."""
    user = await users.create({**_without_times(body), **times.of_creation(body)})
    return Answer(user, 201, {"Location": link("get_user", id=user[User.userId])})


async def update_user(id: str, body: UserUpdate, *, users: Users, times: Times) -> Json:
    """PUT /users/{id}: replace contact data; all orders of the user follow."""
    contacts = _without_times(body)
    return await users.update_contacts(id, contacts, times.of_change(body))


async def get_user(id: str, *, users: Users) -> Json:
    """GET /users/{id}: for the services' own network."""
    return await users.get(id)


def _without_times(body: NewUser | UserUpdate) -> dict[str, object]:
    return {name: value for name, value in body.items() if name not in SENT}
