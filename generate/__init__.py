"""What is made from the specs: each kind of file by one small module, all of them by one command.

A module makes texts from `Sources` and touches no file; `artefacts.py` lists the modules, and
`writing.py` brings the repository up to date with what they make, or says what is stale. What is
to hold besides (lint, the gateway's routes, ...) is a gate, and `gates.py` lists them.
"""
