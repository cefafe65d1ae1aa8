"""What every client package is made with: its runtime and templates, in each language."""
