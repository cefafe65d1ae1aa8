"""Specs, read into one description."""
