"""How a connection proves who it is: secrets as they are configured, and tokens that have to be fetched."""
