"""Changes of what is stored: each piece on real MongoDB, and all of it under load."""
