"""The relay and the consumer, unchanged, on stand-ins, under a scheduler that a seed decides.

A history is one run: users change their contact data, orders are made and edited, processes crash,
the databases and the broker fail, and at the end every order is held to what the sync guarantees.
"""
