"""A replica set and a broker of three servers each, and the system on them."""
