"""The gateway: Kong, or HAProxy in its place, and how much of the traffic each build gets."""
