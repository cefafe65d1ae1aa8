"""Random descriptions: what a client sends by the text of OpenAPI is what a handler gets."""
