"""On the server: bring a version in beside the one that runs, and back where it is no good.

Runs on the Python that Ubuntu has, without any package.
"""
