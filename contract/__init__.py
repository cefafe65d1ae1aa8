"""The binding of the specs to the handlers: what the specs say holds."""
