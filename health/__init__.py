"""What a process says of itself: what keeps it from its work, in its readiness and in its log."""
