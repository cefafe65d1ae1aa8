"""What docs/sync.md says in figures, measured: `python -m tests.messaging.figures`."""
