"""The documents: what they lead to is there."""
