"""How often a check-in is expected, and the slots that follow from it."""
