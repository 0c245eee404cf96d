"""Fixtures of this room."""

from tests.projects import forget_secrets, local_project, project, server

__all__ = ["forget_secrets", "local_project", "project", "server"]
