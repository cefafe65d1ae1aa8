"""What clients rely on: what is published, and that it does not break."""
