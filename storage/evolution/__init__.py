"""Schema evolution: what is stored changes while it is used (expand, migrate, contract)."""
