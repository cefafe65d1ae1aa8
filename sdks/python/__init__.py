"""For Python."""
