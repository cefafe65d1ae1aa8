"""What can go wrong with the gateway; each message is one a person can act on."""


class GatewayError(Exception):
    """Something about the gateway that the caller can put right; its text is the whole message."""


class ConfigurationError(GatewayError):
    """kong.yml does not say what the gateway needs; names the field."""


class PartlyToldError(GatewayError):
    """Some of several gateways do what they were told, and the text names those that do not."""


class UnreachableError(GatewayError):
    """The gateway does not run, or refuses what it is told; nothing of it has changed."""
