"""What connectors need to know of one vendor and has no place in a single file."""
