"""The documents are true: links lead somewhere, commands print what they are said to."""
