"""From a push to a running server."""
