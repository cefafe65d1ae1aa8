"""The whole system on one machine without containers: what it consists of, and its life."""
