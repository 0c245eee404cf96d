"""The checks of the kit, a module per subject. Each is a function named after what it makes sure of."""
