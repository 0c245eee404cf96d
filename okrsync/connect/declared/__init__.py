"""Connectors as data: a YAML file becomes the same class that Python would."""
