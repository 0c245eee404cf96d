"""A sample project with real sources beside it, and the folder that a new project starts from."""
