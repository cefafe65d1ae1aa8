"""Specs that use all that is understood, served under gunicorn and asked over real sockets."""
