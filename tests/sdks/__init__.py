"""The client packages, built, installed and used."""
