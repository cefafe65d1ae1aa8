"""Nothing gets past the contract: attacks over real sockets on the running services."""
