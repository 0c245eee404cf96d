"""What a value says about a goal: pure functions of values and times, with no I/O and no clock of their own."""
