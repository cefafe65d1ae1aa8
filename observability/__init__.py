"""What the system measures: metrics, the rules on them, and what shows them."""
