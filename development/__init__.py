"""`make dev`: what is saved is tried, and served if it is good."""
