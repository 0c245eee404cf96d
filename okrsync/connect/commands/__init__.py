"""Programs that print JSON lines: found, run within bounds and never by a shell, and understood."""
