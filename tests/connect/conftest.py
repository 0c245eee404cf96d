"""What tests of the room `connect` may ask for."""

from tests.http_fixtures import fault_server, forget_secrets, source, waits

__all__ = ["fault_server", "forget_secrets", "source", "waits"]
