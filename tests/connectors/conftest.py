"""What tests of connectors may ask for."""

from tests.connectors.mariadb import mariadb, mariadb_url
from tests.http_fixtures import fault_server, forget_secrets, source, waits

__all__ = ["fault_server", "forget_secrets", "mariadb", "mariadb_url", "source", "waits"]
