"""Changes of what is stored, in order of their numbers; docs/migrations.md says how they work."""
