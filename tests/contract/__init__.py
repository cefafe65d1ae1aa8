"""The binding of specs to handlers."""
