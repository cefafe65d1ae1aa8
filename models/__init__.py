"""Typed models of the specs' schemas. Generated: edit `specs/`, then `make generate`."""
