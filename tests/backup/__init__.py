"""Backups of both databases, and bringing them back."""
