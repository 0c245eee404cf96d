"""How things are shown: as tables in a terminal, and as documents for programs."""
