"""What is made from the specs and kept in the repository."""
