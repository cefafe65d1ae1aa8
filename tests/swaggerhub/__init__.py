"""Publishing to SwaggerHub, with its own command line and a server that answers as it does."""
