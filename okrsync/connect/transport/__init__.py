"""How a connection talks to its source: one HTTP client, with every limit, retry and refusal in it."""
