"""What stops a change of what is stored, before it begins."""


class MigrationError(Exception):
    """A migration cannot be applied; the message says why, and what to do."""
