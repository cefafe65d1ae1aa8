"""Traces: from a request to the last order, as a collector gets them."""
