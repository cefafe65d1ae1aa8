"""The gateway of the tests of docker compose, and what its system costs."""
