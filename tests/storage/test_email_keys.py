"""The set-up brings the keys of addresses up to date that an earlier version made otherwise."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from pymongo import IndexModel, MongoClient
from pymongo.collection import Collection

from models.fields.user import User
from storage.client import Json, MongoSettings
from storage.contradictions import ContradictionError
from storage.email_keys import update_email_keys
from storage.system_fields import EMAIL_KEYS
from tests.apis import unique_users
from tests.storage.test_validators import keyed, user


@pytest.fixture
def users(root: MongoClient[Json], mongo: MongoSettings) -> Iterator[Collection[Json]]:
    """An empty collection of users with the unique index."""
    own = replace(mongo, prefix=f"test_{uuid4().hex[:12]}").users
    collection = root[own]["users"]
    collection.create_indexes([IndexModel(EMAIL_KEYS, unique=True)])
    yield collection
    root.drop_database(own)


def test_keys_that_are_made_otherwise_now_are_replaced(users: Collection[Json]) -> None:
    """Nothing else of the user changes, and no other user."""
    users.insert_many(
        [
            user(
                _id="u1",
                **{User.emails: ["a@faß.de", "a@b.com"]},
                **keyed("info@fass.de", "a@b.com"),
            ),
            user(_id="u2", **{User.emails: ["i@XN--FA-HIA.de"]}, **keyed("i@fass.de")),
            user(_id="u3", **{User.emails: ["jü@müller.de"]}, **keyed("jü@müller.de")),
            user(_id="u4", **{User.emails: ["c@d.com"]}, **keyed("c@d.com")),
        ]
    )
    before = {each["_id"]: each for each in users.find()}
    assert update_email_keys(users, unique_users()) == 2
    before["u1"] |= keyed("a@faß.de", "a@b.com")
    before["u2"] |= keyed("i@faß.de")
    assert {each["_id"]: each for each in users.find()} == before
    assert update_email_keys(users, unique_users()) == 0


def test_two_users_with_one_address_are_named_and_nothing_is_changed(
    users: Collection[Json],
) -> None:
    """As can be where processes of both versions wrote at the same time."""
    users.insert_many(
        [
            user(_id="u1", **{User.emails: ["a@faß.de"]}, **keyed("a@fass.de")),
            user(_id="u2", **{User.emails: ["a@faß.de"]}, **keyed("a@faß.de")),
            user(_id="u3", **{User.emails: ["b@faß.de"]}, **keyed("b@fass.de")),
        ]
    )
    before = [*users.find()]
    with pytest.raises(ContradictionError) as refused:
        update_email_keys(users, unique_users())
    assert str(refused.value).splitlines()[1:] == [
        f"{users.full_name}: u1, u2: have the same e-mail address",
        "Next: give one of each two another address.",
    ]
    assert [*users.find()] == before
