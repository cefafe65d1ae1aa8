"""What is sent where wrk does not send it."""

from collections.abc import Mapping
from typing import Any

Body = Mapping[str, Any]

ADDRESS: Body = {
    "street": "456 Technology Boulevard, Apt 789",
    "city": "San Francisco",
    "state": "CA",
    "postalCode": "94107",
    "country": "USA",
}
USER: Body = {
    "firstName": "Jane",
    "lastName": "Smith",
    "emails": ["jane.smith@personal.com"],
    "deliveryAddress": ADDRESS,
    "phoneNumber": "14155551234",
}
CONTACTS: Body = {
    "emails": ["jane.smith@personal.com", "jsmith@work.com"],
    "deliveryAddress": ADDRESS,
}
ORDER: Body = {
    "userId": "u1",
    "items": [
        {"itemId": "item001", "quantity": 2, "price": 29.99},
        {"itemId": "item002", "quantity": 1, "price": 49.99},
    ],
    "userEmails": ["jane.smith@personal.com"],
    "deliveryAddress": ADDRESS,
    "orderStatus": "under process",
}
