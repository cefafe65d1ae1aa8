"""How a page of a list is answered."""

from contract.answers.returned import Answer
from contract.links import Links
from storage.client import Json
from storage.pages import Page


def paged(
    page: Page, link: Links, operation: str, **arguments: object
) -> list[Json] | Answer[list[Json]]:
    """A page as an answer, with the link to the next one if there is one (RFC 8288).

    Args:
        page: What was found.
        link: Of the handler.
        operation: The operation that lists.
        arguments: What it was asked with, but for the cursor.
    """
    if page.next is None:
        return page.items
    more = link(operation, **arguments, cursor=page.next)
    return Answer(page.items, headers={"Link": f'<{more}>; rel="next"'})
