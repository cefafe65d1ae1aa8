"""The running services, over HTTP."""
