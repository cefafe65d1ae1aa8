"""How a spec is refused."""


class InvalidDocumentError(Exception):
    """A spec cannot be used; the message has a line for each reason, `file:line: what`."""
