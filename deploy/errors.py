"""What can go wrong on the server."""


class DeployError(Exception):
    """What was asked for was not done; the message says why, and what to do."""


class RolledBackError(DeployError):
    """The new version is no good, and the one before runs again."""


class RollbackFailedError(DeployError):
    """The new version is no good, and the one before could not be brought back either."""
