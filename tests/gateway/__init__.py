"""The gateway: routes, split, health, start and stop."""
