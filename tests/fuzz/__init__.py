"""schemathesis against the running services."""
