"""How fast the services are beside a bare floor: the same database work without the contract."""
