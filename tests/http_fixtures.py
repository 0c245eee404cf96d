"""Fixtures for whatever speaks HTTP: answers given by the test, and a clock on which waiting costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import responses

from okrsync import redaction
from okrsync.connect.transport import clock
from tests.fault_server import FaultServer, running

_REFUSED = "Connection refused by Responses"


@pytest.fixture(autouse=True)
def source() -> Iterator[responses.RequestsMock]:
    """The source: a request that the test does not expect fails, and so does an expected one that never comes."""
    with responses.RequestsMock() as mock:
        yield mock
        unexpected = [call for call in mock.calls if _REFUSED in str(call.response)]
    assert not unexpected, f"not expected: {[(call.request.method, call.request.url) for call in unexpected]}"


class Waits(list[float]):
    """The seconds that were waited for, in order. The clock goes on by them, and only by them."""

    began = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.began + timedelta(seconds=sum(self))


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    """What the HTTP client waited for; nobody really sleeps."""
    seen = Waits()
    still = clock.Clock(sleep=seen.append, monotonic=lambda: float(sum(seen)), now=seen.now)
    monkeypatch.setattr(clock, "_real", still)
    return seen


@pytest.fixture(autouse=True)
def forget_secrets() -> Iterator[None]:
    """No secret of one test is hidden in the texts of the next."""
    yield
    redaction.forget_all()


@pytest.fixture
def fault_server(source: responses.RequestsMock) -> Iterator[FaultServer]:
    """A real source on loopback that misbehaves on demand."""
    source.add_passthru("http://127.0.0.1")
    source.add_passthru("https://127.0.0.1")
    yield from running()
