"""The whole system under load while everything is killed, cut off and slowed down at random."""
