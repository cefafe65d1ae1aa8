"""MongoDB: what is stored, how it is found, and what the database itself refuses."""
