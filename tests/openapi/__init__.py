"""What a spec may say: read rightly and served, or refused in a line."""
