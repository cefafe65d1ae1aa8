"""The names of properties as constants. Generated: edit `specs/`, then `make generate`."""
