"""Backups: all databases as they were at one moment, in one file, and back.

The file is a ZIP archive, so that other tools can read it too: each collection is a member of BSON
documents one after the other, as `mongodump` writes them (`users/users.bson`), and `backup.json`
says how many they are, and of when. It may be encrypted as a whole, as `age` does it.
"""
