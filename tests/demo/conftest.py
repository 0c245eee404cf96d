import threading
from datetime import UTC, date, datetime

import pytest
import requests

from okrsync.demo.crm import TOKEN_FILE, Crm
from okrsync.demo.sample import write_demo

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 10, 15, tzinfo=UTC)


class Client:
    """Talks to a CRM as its connection does: with the token, once the service has asked for patience."""

    def __init__(self, base_url, token):
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {token}"
        self.base_url = base_url

    def get(self, path, **params):
        return self.session.get(self.base_url + path, params=params, timeout=10)

    def post(self, path, body):
        return self.session.post(self.base_url + path, json=body, timeout=10)


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """A demo that tests only read."""
    return write_demo(tmp_path_factory.mktemp("written") / "demo", TODAY, NOW)


@pytest.fixture
def demo(tmp_path):
    """A demo that a test may change."""
    return write_demo(tmp_path / "demo", TODAY, NOW)


@pytest.fixture
def served():
    """Serves demo folders within this process, and hands out a client for each."""
    running = []

    def serve(folder):
        crm = Crm(folder)
        thread = threading.Thread(target=crm.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        client = Client(f"http://127.0.0.1:{crm.server_port}", (folder / TOKEN_FILE).read_text().strip())
        running.append((crm, thread, client))
        return client

    yield serve
    for crm, thread, client in running:
        client.session.close()
        crm.shutdown()
        thread.join()
        crm.server_close()


@pytest.fixture
def crm(written, served):
    """A client of a CRM that has asked for patience already."""
    client = served(written.folder)
    client.get("/v1/contacts")
    return client
