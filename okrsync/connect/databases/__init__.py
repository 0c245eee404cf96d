"""Databases as sources: opened for reading only, asked one statement at a time."""
