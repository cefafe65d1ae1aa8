"""Composition roots: each process put together from its parts."""
