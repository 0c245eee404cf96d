"""What tests of the kit may ask for."""

from tests.http_fixtures import forget_secrets

__all__ = ["forget_secrets"]
