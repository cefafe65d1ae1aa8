"""Both APIs on SwaggerHub: written by its own command line, read over its registry API."""
