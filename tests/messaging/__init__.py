"""The sync: on real parts, under a scheduler that tries every order of things, and under faults."""
