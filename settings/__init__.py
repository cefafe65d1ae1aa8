"""Environment variables, read and checked; each process says in its own file which it takes."""
