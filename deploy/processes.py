"""Generated from services.yaml. The processes of a release, for a deployment."""

HTTP = ("user-service-v1", "user-service-v2", "order-service")
"""Those that the gateway calls."""

EVENTS = ("order-consumer", "user-relay")
"""Consumers before relays: what a new relay publishes an old consumer need not understand."""
