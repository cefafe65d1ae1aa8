"""Runs and operates the gateway: Kong, or HAProxy in its place, by the files of `kong/`."""

from pathlib import Path

KONG = Path(__file__).parents[1] / "kong"
"""Kong's own files: template, Lua and entry point, which the image has too."""
