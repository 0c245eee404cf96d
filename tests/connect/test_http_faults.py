"""What a person sees when a source breaks at the level of bytes and sockets."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from okrsync import Bearer, Config, Limits, Problem, Reason
from okrsync.connect.transport.clock import Clock
from okrsync.connect.transport.http import HttpClient, Patience
from okrsync.redaction import redact
from tests.certificates import self_signed
from tests.fault_server import (
    FaultServer,
    closing,
    dripping,
    half_gzip,
    head,
    reply,
    resetting,
    running,
    sending,
    silence,
    then,
)

SHORT = Patience(connect=0.5, read=0.3, total=0.8, attempts=3, longest_wait=0.01)
ANSWER = {"value": 12}
SLOW = "a" * 200


class Account(Config):
    token: SecretStr = SecretStr("s3cret-token")


def client(server: FaultServer, patience: Patience = SHORT, **settings: Any) -> HttpClient:
    return HttpClient(
        connection="crm",
        base_url=settings.pop("base_url", server.url),
        config=Account(),
        auth=Bearer("token"),
        patience=patience,
        clock=Clock(sleep=lambda seconds: None),
        **settings,
    )


def problem_of(http: HttpClient, path: str = "/kpi") -> Problem:
    with pytest.raises(Problem) as caught:
        http.get(path)
    http.close()
    assert caught.value.message.startswith("crm: ")
    assert "s3cret" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(resetting, id="reset before the answer"),
        pytest.param(closing, id="closed without an answer"),
        pytest.param(then(sending(head(Content_Length=100) + b'{"va'), resetting), id="reset in the body"),
        pytest.param(then(sending(head(Content_Length=100) + b'{"va'), closing), id="cut off before its length"),
        pytest.param(
            then(sending(head(Transfer_Encoding="chunked") + b'5\r\n{"val\r\n'), closing), id="chunks without an end"
        ),
        pytest.param(then(sending(head(Transfer_Encoding="chunked") + b"zz\r\nno"), closing), id="a bad chunk"),
        pytest.param(half_gzip(json.dumps(ANSWER).encode() * 50), id="half a gzip stream"),
        pytest.param(reply(b"plain", Content_Encoding="gzip"), id="plain text labelled gzip"),
        pytest.param(reply(b'{"value": 1'), id="half JSON of the length that was announced"),
        pytest.param(reply(status="503 Busy"), id="503"),
    ],
)
def test_a_passing_fault_is_asked_again_and_nobody_notices(fault_server, fault):
    fault_server.answer("/kpi", fault, reply(ANSWER))
    http = client(fault_server)

    assert http.get("/kpi") == {"value": 12}

    assert len(fault_server.requests) == 2
    assert [made.attempt for made in http.requests_made] == [1, 2]


@pytest.mark.parametrize(
    ("fault", "reason", "words"),
    [
        pytest.param(resetting, Reason.UNREACHABLE, "closed the connection", id="reset before the answer"),
        pytest.param(closing, Reason.UNREACHABLE, "", id="closed without an answer"),
        pytest.param(
            then(sending(head(Content_Length=100) + b'{"va'), resetting), Reason.UNREACHABLE, "", id="reset in the body"
        ),
        pytest.param(
            then(sending(head(Content_Length=100) + b'{"va'), closing), Reason.BAD_RESPONSE, "cut off", id="truncated"
        ),
        pytest.param(
            then(sending(head(Transfer_Encoding="chunked") + b'5\r\n{"val\r\n'), closing),
            Reason.BAD_RESPONSE,
            "cut off",
            id="chunks without an end",
        ),
        pytest.param(half_gzip(b'{"value": 12}' * 50), Reason.BAD_RESPONSE, "cut off", id="half a gzip stream"),
        pytest.param(
            reply(b"plain text", Content_Encoding="gzip"), Reason.BAD_RESPONSE, "garbled", id="no gzip at all"
        ),
        pytest.param(reply(status="502 Bad"), Reason.UNREACHABLE, "HTTP 502", id="502 for ever"),
    ],
)
def test_a_lasting_fault_ends_after_a_few_attempts_and_says_which(fault_server, fault, reason, words):
    fault_server.answer("/kpi", fault)

    problem = problem_of(client(fault_server))

    assert problem.reason is reason
    assert words in problem.message
    assert fault_server.host in problem.message
    assert "asked 3 times" in problem.message
    assert len(fault_server.requests) == 3


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(then(sending(head(Content_Length=500)), dripping(b'"' + SLOW.encode() + b'"')), id="in the body"),
        pytest.param(dripping(head(X_Slow=SLOW)), id="in the headers"),
        pytest.param(
            then(sending(head(Connection="close")), dripping(b'{"value": 1}                              ' * 10)),
            id="in a body that ends with the connection",
        ),
    ],
)
def test_a_source_that_drips_is_cut_at_the_deadline_of_the_whole_call(fault_server, fault):
    fault_server.answer("/kpi", fault)
    began = time.monotonic()

    problem = problem_of(client(fault_server))

    assert problem.reason is Reason.TIMEOUT
    assert "within 0.8 s" in problem.message
    assert time.monotonic() - began < 1.6


def test_a_source_that_never_answers_is_a_timeout_with_its_seconds(fault_server):
    fault_server.answer("/kpi", silence)

    problem = problem_of(client(fault_server, Patience(connect=0.2, read=0.1, total=2, attempts=2)))

    assert problem.reason is Reason.TIMEOUT
    assert "did not answer within 0.1 s" in problem.message


def test_a_kept_connection_that_was_reset_is_replaced_without_waiting(fault_server, waits):
    fault_server.answer("/kpi", reply(ANSWER), then(resetting), reply(ANSWER))
    http = HttpClient(connection="crm", base_url=fault_server.url)

    answers = [http.get("/kpi"), http.get("/kpi")]

    assert answers == [ANSWER, ANSWER]
    assert waits == [0.0]
    assert fault_server.connections == 2


def test_connections_are_kept_and_shared_by_threads(fault_server):
    fault_server.answer("/kpi", reply(ANSWER))
    http = client(fault_server, Patience(), limits=Limits(at_once=3))

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: http.get("/kpi"), range(40)))

    assert answers == [ANSWER] * 40
    assert fault_server.connections <= 3


def test_a_bomb_is_dropped_long_before_it_is_unpacked(fault_server):
    bomb = gzip.compress(b" " * 60_000_000)
    fault_server.answer("/kpi", reply(bomb, Content_Encoding="gzip"))

    problem = problem_of(client(fault_server, Patience(attempts=3)))

    assert problem.reason is Reason.BAD_RESPONSE
    assert "more than an answer may hold" in problem.message
    assert len(fault_server.requests) == 1


def test_a_bomb_in_a_refusal_is_not_read_either(fault_server):
    bomb = gzip.compress(b" " * 60_000_000)
    fault_server.answer("/kpi", reply(bomb, status="302 Found", Location="http://evil.test/", Content_Encoding="gzip"))

    assert problem_of(client(fault_server)).reason is Reason.CONFIG


def test_a_download_is_bounded_by_what_its_caller_allows(fault_server):
    fault_server.answer("/plan.csv", reply(b"a,b\r\n" * 100, Content_Type="text/csv"))
    http = client(fault_server)

    assert len(http.download("/plan.csv", max_bytes=500)) == 500
    with pytest.raises(Problem) as caught:
        http.download("/plan.csv", max_bytes=499)

    assert caught.value.reason is Reason.BAD_RESPONSE
    http.close()


def test_packed_bodies_are_unpacked_and_numbers_stay_exact(fault_server):
    body = b'{"a": 12345678901234567890, "b": 0.10}'
    packed = gzip.compress(body[:10]) + gzip.compress(body[10:])
    fault_server.answer("/kpi", reply(packed, Content_Encoding="gzip"))
    http = client(fault_server)

    answer = http.get("/kpi")

    assert answer == {"a": 12345678901234567890, "b": Decimal("0.10")}
    assert str(answer["b"]) == "0.10"
    http.close()


@pytest.mark.parametrize(
    "to", ["http://169.254.169.254/latest", "file:///etc/passwd", "//elsewhere.test/x", "http://u:p@127.0.0.1/"]
)
def test_a_redirect_off_the_host_is_refused_and_nothing_is_sent_there(fault_server, to):
    fault_server.answer("/kpi", reply(status="302 Found", Location=to))

    problem = problem_of(client(fault_server))

    assert problem.reason is Reason.CONFIG
    assert "redirected to" in problem.message
    assert len(fault_server.requests) == 1


def test_another_port_is_another_host(fault_server, source):
    for other in running():
        fault_server.answer("/kpi", reply(status="302 Found", Location=f"{other.url}/kpi"))

        assert problem_of(client(fault_server)).reason is Reason.CONFIG
        assert other.requests == []


def test_a_redirect_on_the_host_is_followed_once(fault_server):
    fault_server.answer("/kpi", reply(status="301 Moved", Location="/v2/kpi?a=1"))
    fault_server.answer("/v2/kpi", reply(ANSWER))
    http = client(fault_server)

    assert http.get("/kpi") == ANSWER

    assert [seen.target for seen in fault_server.requests] == ["/kpi", "/v2/kpi?a=1"]
    assert fault_server.requests[1].headers["authorization"] == "Bearer s3cret-token"
    http.close()


def test_a_redirect_loop_is_the_connections_fault(fault_server):
    fault_server.answer("/kpi", reply(status="302 Found", Location="/kpi"))

    problem = problem_of(client(fault_server))

    assert problem.reason is Reason.CONFIG
    assert len(fault_server.requests) == 2


class TestTls:
    """Certificates are always checked; there is no way to say otherwise."""

    @pytest.fixture
    def https(self, source, tmp_path):
        source.add_passthru("https://127.0.0.1")
        self.certificate, context = self_signed(tmp_path)
        yield from running(context)

    def test_a_certificate_that_nobody_trusts_is_refused_before_anything_is_sent(self, https):
        problem = problem_of(client(https))

        assert problem.reason is Reason.UNREACHABLE
        assert "TLS" in problem.message
        assert "ca_file" in problem.hint
        assert https.requests == []
        assert https.connections == 1

    def test_an_authority_of_ones_own_is_named_in_the_settings(self, https):
        https.answer("/kpi", reply(ANSWER))
        http = client(https, ca_file=self.certificate)

        assert http.get("/kpi") == ANSWER
        http.close()

    def test_the_deadline_holds_over_tls(self, https):
        https.answer("/kpi", then(sending(head(Content_Length=500)), dripping(b'"' + SLOW.encode())))
        began = time.monotonic()

        problem = problem_of(client(https, ca_file=self.certificate))

        assert problem.reason is Reason.TIMEOUT
        assert time.monotonic() - began < 1.6

    def test_a_file_without_a_certificate_is_a_wrong_setting(self, https, tmp_path):
        (tmp_path / "empty.pem").write_text("nothing")

        problem = problem_of(client(https, ca_file=tmp_path / "empty.pem"))

        assert problem.reason is Reason.CONFIG
        assert "empty.pem" in problem.message

    @pytest.mark.parametrize(
        "certificate",
        [pytest.param({"days": -1}, id="expired"), pytest.param({"address": "10.1.2.3"}, id="of another host")],
    )
    def test_a_wrong_certificate_of_a_known_authority_is_refused(self, source, tmp_path, certificate):
        source.add_passthru("https://127.0.0.1")
        known, context = self_signed(tmp_path, **certificate)
        for https in running(context):
            problem = problem_of(client(https, ca_file=known))

            assert problem.reason is Reason.UNREACHABLE
            assert "certificate" in problem.message
            assert https.requests == []

    def test_plain_http_where_tls_is_expected_is_said_so(self, fault_server):
        fault_server.answer("/kpi", reply(ANSWER))

        problem = problem_of(client(fault_server, base_url=fault_server.url.replace("http:", "https:")))

        assert problem.reason is Reason.UNREACHABLE
        assert "TLS" in problem.message

    def test_a_handshake_that_never_comes_is_a_timeout(self, source):
        source.add_passthru("https://127.0.0.1")
        with socket.create_server(("127.0.0.1", 0)) as mute:
            http = HttpClient(
                connection="crm",
                base_url=f"https://127.0.0.1:{mute.getsockname()[1]}",
                patience=Patience(connect=0.2, read=0.2, total=0.5, attempts=1),
            )

            assert problem_of(http).reason is Reason.TIMEOUT


class TestAddresses:
    """A name may not lead into the private network by surprise."""

    @pytest.fixture
    def names(self, monkeypatch, source):
        """A name service that sends every name to the addresses put here."""
        source.add_passthru("http://")
        addresses: list[str] = []
        real = socket.getaddrinfo

        def look_up(host, port, *args, **kwargs):
            if host.endswith(".test"):
                return [found for address in addresses for found in real(address, port, *args, **kwargs)]
            return real(host, port, *args, **kwargs)

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return addresses

    def test_a_public_name_that_leads_to_a_private_address_is_refused(self, names, fault_server):
        names.append("127.0.0.1")

        problem = problem_of(client(fault_server, base_url=f"http://kpi.acme.test:{fault_server.port}"))

        assert problem.reason is Reason.CONFIG
        assert "allow_private" in problem.hint
        assert fault_server.connections == 0

    def test_unless_the_operator_allows_it(self, names, fault_server):
        names.append("127.0.0.1")
        fault_server.answer("/kpi", reply(ANSWER))
        http = client(fault_server, base_url=f"http://kpi.acme.test:{fault_server.port}", allow_private=True)

        assert http.get("/kpi") == ANSWER
        http.close()

    @pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "0.0.0.0"])
    def test_metadata_and_link_local_addresses_are_never_asked(self, names, fault_server, address):
        names += ["93.184.216.34", address]

        problem = problem_of(client(fault_server, base_url="http://kpi.acme.test", allow_private=True))

        assert problem.reason is Reason.CONFIG
        assert "never asked" in problem.message

    def test_an_address_that_is_written_out_is_meant(self, fault_server):
        fault_server.answer("/kpi", reply(ANSWER))
        http = client(fault_server)

        assert http.get("/kpi") == ANSWER
        http.close()

    def test_a_metadata_address_that_is_written_out_is_refused_all_the_same(self, source, fault_server):
        source.add_passthru("http://169.254.169.254")

        assert problem_of(client(fault_server, base_url="http://169.254.169.254")).reason is Reason.CONFIG


def test_nobody_listening_is_said_so(fault_server):
    fault_server.stop()

    problem = problem_of(client(fault_server))

    assert problem.reason is Reason.UNREACHABLE
    assert "connection refused" in problem.message


def test_the_environment_has_no_say(fault_server, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login mallory password nosy\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    fault_server.answer("/kpi", reply(ANSWER, Set_Cookie="session=1"))
    http = client(fault_server)

    http.get("/kpi")
    http.get("/kpi")

    assert fault_server.requests[1].headers["authorization"] == "Bearer s3cret-token"
    assert "cookie" not in fault_server.requests[1].headers
    http.close()


def test_a_proxy_of_the_settings_is_used_and_its_password_stays_hidden(fault_server, source):
    source.add_passthru("http://kpi.acme.test")
    fault_server.answer("http://kpi.acme.test/kpi", reply(ANSWER))
    proxy = fault_server.url.replace("://", "://okr:pr0xy-pass@")
    http = client(fault_server, base_url="http://kpi.acme.test", proxy=proxy)

    answer = http.get("/kpi")

    assert answer == ANSWER
    assert fault_server.requests[0].target == "http://kpi.acme.test/kpi"
    assert fault_server.requests[0].headers["proxy-authorization"].startswith("Basic ")
    assert redact("pr0xy-pass") == "********"
    http.close()


def test_no_thread_stays_behind(fault_server):
    fault_server.answer("/kpi", reply(ANSWER))
    http = client(fault_server)
    http.get("/kpi")

    timers = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    for timer in timers:
        timer.join(1)

    assert not any(timer.is_alive() for timer in timers)
    http.close()
