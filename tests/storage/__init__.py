"""The databases and their set-up."""
