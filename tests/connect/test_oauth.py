"""Tokens that have to be fetched: once, in time, with the right proof, and with plain words when there is none."""

from __future__ import annotations

import json
import logging
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.utils import format_datetime
from threading import Barrier

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from responses import matchers

from okrsync import Problem, Reason
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import Connector, Query
from okrsync.connect.credentials.assertions import GRANT
from okrsync.connect.credentials.oauth import ClientCredentials, JwtBearer, RefreshToken, ServiceAccount
from okrsync.connect.credentials.tokens import TokensInMemory
from okrsync.connect.transport.http import HttpClient
from okrsync.errors import DatabaseUnavailable, SchemaMismatch
from okrsync.okrs.model import Connection
from okrsync.redaction import forget_all, redact
from tests.token_server import CLIENT, FIRST, Account, TokenServer

TOKEN_URL = "https://login.acme.test/oauth/token"
BASE = "https://api.acme.test"
NAMES = {"client_id": "CRM_ID", "client_secret": "CRM_SECRET", "refresh_token": "CRM_REFRESH", "key": "CRM_KEY"}


@pytest.fixture(scope="module")
def rsa_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def pem(rsa_key):
    return rsa_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture(scope="module")
def key_file(pem):
    return {
        "type": "service_account",
        "client_email": "okr@acme.iam.test",
        "private_key": pem,
        "private_key_id": "k1",
        "token_uri": TOKEN_URL,
    }


@pytest.fixture
def host(source):
    """A host of tokens, with the API that takes them beside it."""
    source.add_passthru("http://127.0.0.1")
    with TokenServer().running() as server:
        yield server


def client(auth, base=BASE, vault=None, **settings) -> HttpClient:
    config = Account(**settings)
    return HttpClient(connection="crm", base_url=base, config=config, auth=auth, secret_names=NAMES, vault=vault)


def of(host, auth=None, **settings) -> HttpClient:
    auth = auth or ClientCredentials()
    return client(auth, settings.pop("base", host.url), token_url=host.token_url, **settings)


def problem_of(http) -> Problem:
    with pytest.raises(Problem) as caught:
        http.get("/kpi")
    return caught.value


class TestFetching:
    @pytest.mark.parametrize("auth", [ClientCredentials(), ClientCredentials(in_body=False)], ids=["form", "header"])
    def test_the_program_asks_in_its_own_name(self, host, auth):
        assert of(host, auth).get("/kpi") == {"total": 42}

        assert host.forms[0]["grant_type"] == "client_credentials"
        assert ("client_secret" in host.forms[0]) == auth.in_body == (not host.basic[0])

    def test_rights_are_asked_for_by_name(self, host):
        of(host, ClientCredentials(scopes=("read", "reports"))).get("/kpi")

        assert host.forms[0]["scope"] == "read reports"

    def test_one_token_serves_many_questions(self, host):
        http = of(host)

        assert [http.get("/kpi")["total"] for _ in range(5)] == [42] * 5

        assert len(host.forms) == 1

    def test_nothing_is_fetched_before_the_first_question(self, host):
        of(host)

        assert host.forms == []

    def test_of_many_threads_one_fetches(self, host):
        host.delay = 0.1
        http, barrier = of(host), Barrier(8)

        def ask(_):
            barrier.wait()
            return http.get("/kpi")["total"]

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, range(8))) == [42] * 8

        assert len(host.forms) == 1

    @pytest.mark.parametrize(
        ("expires_in", "seconds", "fetched"),
        [
            pytest.param(3600, 3500, 1, id="still good"),
            pytest.param(3600, 3541, 2, id="a minute before its end"),
            pytest.param("3600", 3541, 2, id="said as text"),
            pytest.param(30, 20, 1, id="short-lived, still good"),
            pytest.param(30, 28, 2, id="short-lived, nearly over"),
            pytest.param(None, 1_000_000, 1, id="nobody says how long"),
            pytest.param("soon", 1_000_000, 1, id="said in rubbish"),
        ],
    )
    def test_a_token_is_renewed_before_its_end(self, host, waits, expires_in, seconds, fetched):
        host.expires_in = expires_in
        http = of(host)
        http.get("/kpi")

        waits.append(seconds)
        http.get("/kpi")

        assert len(host.forms) == fetched

    def test_a_token_that_is_refused_is_renewed_once(self, host):
        http = of(host)
        http.get("/kpi")
        host.revoke()

        assert http.get("/kpi") == {"total": 42}

        assert (len(host.forms), host.asked) == (2, 3)

    def test_a_source_with_words_of_its_own_for_a_401_is_asked_again_too(self, host):
        http = of(host)
        http.get("/kpi")
        host.revoke()
        http.classify = lambda reply: (
            reply.problem("ended the session", reason=Reason.AUTH) if reply.status == 401 else None
        )

        assert http.get("/kpi") == {"total": 42}

    def test_many_threads_with_a_refused_token_renew_it_once(self, host):
        http = of(host)
        http.get("/kpi")
        host.revoke()
        barrier = Barrier(8)

        def ask(_):
            barrier.wait()
            return http.get("/kpi")["total"]

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, range(8))) == [42] * 8

        assert len(host.forms) == 2

    def test_a_source_that_refuses_every_token_is_a_matter_of_credentials(self, host, monkeypatch):
        monkeypatch.setattr(host, "kpi", lambda authorization: (401, {}))

        problem = problem_of(of(host))

        assert problem.reason is Reason.AUTH
        assert "CRM_SECRET" in problem.hint
        assert len(host.forms) == 2

    def test_the_answer_may_say_where_the_source_is(self, host):
        host.extra = {"instance_url": host.url}
        http = of(host, ClientCredentials(base_url_in="instance_url"), base="")

        assert http.get("/kpi") == {"total": 42}
        assert len(host.forms) == 1

    def test_an_answer_that_does_not_say_where_the_source_is_names_what_is_missing(self, host):
        problem = problem_of(of(host, ClientCredentials(base_url_in="instance_url"), base=""))

        assert problem.reason is Reason.UNREACHABLE
        assert "instance_url" in problem.message

    def test_credentials_go_to_no_other_host_than_the_one_that_the_answer_names(self, host):
        host.extra = {"instance_url": BASE}
        http = of(host, ClientCredentials(base_url_in="instance_url"), base="")

        with pytest.raises(Problem, match=r"would leave api\.acme\.test for evil\.test"):
            http.get("https://evil.test/kpi")

    def test_a_connection_is_opened_with_it(self, host):
        class Api(Connector[Account, Query]):
            """An API."""

            name = "api"
            auth = ClientCredentials()

            def base_url(self):
                return host.url

        class One:
            def get(self, name):
                return Api

        connector = open_connection(Connection("crm", "api", {"token_url": host.token_url}), One(), {}, None)

        assert connector.http.get("/kpi") == {"total": 42}


class TestRefreshing:
    def test_the_newest_token_is_spent(self, host):
        http = of(host, RefreshToken())

        for _ in range(3):
            assert http.get("/kpi") == {"total": 42}
            host.revoke()

        assert [form["refresh_token"] for form in host.forms] == host.refresh_tokens[:3]
        assert host.overspent == []

    def test_the_vault_outlives_the_client(self, host):
        vault = TokensInMemory()

        for _ in range(3):
            of(host, RefreshToken(), vault=vault).get("/kpi")

        assert [form["refresh_token"] for form in host.forms] == host.refresh_tokens[:3]

    def test_without_a_vault_it_says_that_the_new_token_will_be_gone(self, host, caplog):
        of(host, RefreshToken()).get("/kpi")

        assert "crm: its refresh token was replaced, and the new one is gone when this process ends" in caplog.text

    def test_a_token_that_stays_the_same_is_not_kept(self, host, caplog):
        host.rotating = False

        of(host, RefreshToken()).get("/kpi")

        assert caplog.text == ""

    def test_the_next_token_is_kept_even_where_the_rest_of_the_answer_is_of_no_use(self, host):
        vault = TokensInMemory()
        host.extra = {"access_token": None}
        problem_of(of(host, RefreshToken(), vault=vault))
        host.extra = {}

        assert of(host, RefreshToken(), vault=vault).get("/kpi") == {"total": 42}

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (SchemaMismatch("no tables", "run `okrsync db upgrade`"), Reason.CONFIG),
            (DatabaseUnavailable("it is down", "start it"), Reason.UNREACHABLE),
        ],
    )
    def test_without_a_place_for_the_next_token_none_is_spent(self, host, error, reason):
        class Closed:
            def turn(self, connection, configured, seconds):
                raise error

        problem = problem_of(of(host, RefreshToken(), vault=Closed()))

        assert (problem.reason, problem.hint) == (reason, error.hint)
        assert error.message in problem.message
        assert host.forms == []

    def test_a_source_that_never_replaces_its_token_needs_no_place_for_it(self, host):
        host.rotating = False

        assert of(host, RefreshToken(rotates=False), vault=object()).get("/kpi") == {"total": 42}

    def test_a_spent_token_names_the_way_out_and_is_not_tried_again(self, host):
        host.spent[FIRST] = 1
        http = of(host, RefreshToken())

        problem, again = problem_of(http), problem_of(http)

        assert problem.reason is Reason.AUTH
        assert problem.message.startswith("crm: 127.0.0.1:")
        assert "refused CRM_REFRESH (invalid_grant)" in problem.message
        assert "authorise okrsync anew and put the new refresh token into CRM_REFRESH" in problem.hint
        assert "okrsync check crm" in problem.hint
        assert again == problem
        assert len(host.forms) == 1


class TestSigning:
    def test_a_service_account_signs_with_its_key(self, source, rsa_key, key_file, waits):
        source.post(TOKEN_URL, json={"access_token": "granted", "expires_in": 3599})
        source.get(f"{BASE}/kpi", json=1, match=[matchers.header_matcher({"Authorization": "Bearer granted"})])
        auth = ServiceAccount("key", scopes=("https://auth.test/read",), subject="username")

        assert client(auth, key=json.dumps(key_file)).get("/kpi") == 1

        form = dict(part.split("=") for part in source.calls[0].request.body.split("&"))
        options = {"verify_exp": False, "verify_iat": False}
        claims = jwt.decode(form["assertion"], rsa_key.public_key(), ["RS256"], audience=TOKEN_URL, options=options)
        assert claims["iss"] == "okr@acme.iam.test"
        assert (claims["sub"], claims["scope"]) == ("okr@acme.test", "https://auth.test/read")
        assert claims["iat"] == int(waits.now().timestamp())
        assert jwt.get_unverified_header(form["assertion"])["kid"] == "k1"
        assert form["grant_type"].replace("%3A", ":") == GRANT

    def test_a_user_who_approved_the_program_is_named_in_what_it_signs(self, source, rsa_key, pem):
        source.post(TOKEN_URL, json={"access_token": "granted", "instance_url": BASE})
        source.get(f"{BASE}/kpi", json=1)
        auth = JwtBearer("key", base_url_in="instance_url")

        assert client(auth, base="", key=pem.replace("\n", "\\n")).get("/kpi") == 1

        assertion = source.calls[0].request.body.partition("assertion=")[2]
        options = {"verify_exp": False, "verify_iat": False}
        audience = "https://login.acme.test"
        claims = jwt.decode(assertion, rsa_key.public_key(), ["RS256"], audience=audience, options=options)
        assert (claims["iss"], claims["sub"]) == (CLIENT[0], "okr@acme.test")
        assert claims["exp"] - claims["iat"] <= 180

    @pytest.mark.parametrize(
        ("text", "what"),
        [
            ("not json", "holds no JSON"),
            ("[1]", "holds no JSON"),
            ('{"client_email": "a@b.test", "private_key": "x"}', "holds no token_uri"),
            ('{"client_email": "", "private_key": "x", "token_uri": "https://x.test"}', "holds no client_email"),
        ],
    )
    def test_a_file_that_is_no_key_file_is_a_wrong_setting(self, source, text, what):
        problem = problem_of(client(ServiceAccount("key"), key=text))

        assert (problem.reason, problem.message) == (
            Reason.CONFIG,
            f"crm: CRM_KEY {what}, so it is no key file of a service account",
        )

    def test_a_key_that_is_none_is_a_wrong_setting_and_stays_secret(self, source):
        problem = problem_of(client(JwtBearer("key"), key="-----BEGIN PRIVATE KEY-----\ns3cretkey"))

        assert problem.reason is Reason.CONFIG
        assert "CRM_KEY holds no RSA private key" in problem.message
        assert "s3cretkey" not in "".join(traceback.format_exception(problem))


class TestRefusals:
    @pytest.mark.parametrize(
        ("auth", "status", "answer", "what", "hint"),
        [
            pytest.param(
                ClientCredentials(),
                401,
                {"error": "invalid_client", "error_description": "AADSTS7000222: expired secret keys"},
                "refused the client (invalid_client, AADSTS7000222)",
                "check CRM_ID or CRM_SECRET; a secret may have run out",
                id="client",
            ),
            pytest.param(
                ClientCredentials(), 400, {"error": "invalid_scope"}, "rights", "CRM_ID or CRM_SECRET", id="scope"
            ),
            pytest.param(
                ClientCredentials(), 403, b"no", "refused CRM_ID or CRM_SECRET (403)", "check CRM_ID", id="403"
            ),
            pytest.param(
                RefreshToken(),
                400,
                {"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token"},
                "refused CRM_REFRESH (BAD_REFRESH_TOKEN)",
                "authorise okrsync anew",
                id="HubSpot",
            ),
            pytest.param(
                RefreshToken(), 200, {"error": "bad_refresh_token"}, "refused CRM_REFRESH", "anew", id="with status 200"
            ),
            pytest.param(
                JwtBearer("key"),
                400,
                {"error": "invalid_grant", "error_description": "Invalid JWT Signature."},
                "refused the signature (invalid_grant)",
                "make a new key for the account and put it into CRM_KEY",
                id="signature",
            ),
            pytest.param(
                JwtBearer("key"),
                400,
                {"error": "invalid_grant", "error_description": "Invalid grant: account not found"},
                "knows no such account",
                "CRM_KEY",
                id="account",
            ),
            pytest.param(
                JwtBearer("key"),
                400,
                {"error": "invalid_grant", "error_description": "Token must be a short-lived token (60 minutes)"},
                "refused the time of the signature",
                "set this machine's clock",
                id="clock",
            ),
            pytest.param(
                JwtBearer("key"),
                400,
                {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"},
                "no consent",
                "have an administrator approve the client",
                id="consent",
            ),
        ],
    )
    def test_say_what_to_do_and_are_not_repeated(self, source, pem, auth, status, answer, what, hint):  # noqa: PLR0917
        body = answer if isinstance(answer, bytes) else json.dumps(answer)
        source.post(TOKEN_URL, status=status, body=body)

        problem = problem_of(client(auth, key=pem))

        assert problem.reason is Reason.AUTH
        assert problem.message.startswith("crm: login.acme.test ")
        assert what in problem.message
        assert hint in problem.hint
        assert problem.hint.endswith("then try `okrsync check crm`")
        source.assert_call_count(TOKEN_URL, 1)

    @pytest.mark.parametrize(("minutes", "way"), [(-7, "420 s ahead of"), (7, "420 s behind")])
    def test_a_wrong_clock_is_measured(self, source, pem, waits, minutes, way):
        date = format_datetime(waits.now() + timedelta(minutes=minutes), usegmt=True)
        source.post(TOKEN_URL, status=400, json={"error": "invalid_grant"}, headers={"Date": date})

        problem = problem_of(client(JwtBearer("key"), key=pem))

        assert f"set this machine's clock, which is {way} that of the host" in problem.hint

    @pytest.mark.parametrize(
        ("reply", "reason"),
        [
            pytest.param({"status": 503}, Reason.UNREACHABLE, id="down"),
            pytest.param({"status": 429}, Reason.RATE_LIMITED, id="busy"),
            pytest.param({"status": 400, "json": {"error": "unknown_error"}}, Reason.UNREACHABLE, id="retry, it says"),
            pytest.param({"status": 200, "body": b"<html>"}, Reason.UNREACHABLE, id="a page"),
            pytest.param({"status": 200, "json": []}, Reason.UNREACHABLE, id="a list"),
            pytest.param({"status": 200, "json": {}}, Reason.UNREACHABLE, id="no token"),
            pytest.param({"status": 200, "json": {"access_token": "a\r\nX: y"}}, Reason.UNREACHABLE, id="no header"),
            pytest.param({"status": 404}, Reason.CONFIG, id="not there"),
            pytest.param(
                {"status": 307, "headers": {"Location": "https://evil.test/"}}, Reason.CONFIG, id="leads elsewhere"
            ),
        ],
    )
    def test_every_other_failure_holds_for_the_whole_connection(self, source, reply, reason):
        source.post(TOKEN_URL, **reply)

        problem = problem_of(client(ClientCredentials()))

        assert problem.reason is reason
        assert problem.reason.of_the_connection
        assert problem.message.startswith("crm: ")
        assert {call.request.url for call in source.calls} == {TOKEN_URL}

    def test_a_host_that_comes_back_is_asked_again(self, source, waits):
        source.post(TOKEN_URL, status=503)
        source.post(TOKEN_URL, json={"access_token": "granted"})
        source.get(f"{BASE}/kpi", json=1)

        assert client(ClientCredentials()).get("/kpi") == 1

    def test_who_waited_for_a_failure_does_not_repeat_it(self, host, monkeypatch):
        host.delay = 0.2
        slow = host.answer
        monkeypatch.setattr(host, "answer", lambda *asked: (slow(*asked), (404, {}))[1])
        http, barrier = of(host), Barrier(8)

        def ask(_):
            barrier.wait()
            return problem_of(http).reason

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, range(8))) == [Reason.CONFIG] * 8

        assert len(host.forms) == 1

    @pytest.mark.parametrize("url", ["", "login.acme.test", "ftp://login.acme.test/", "https://u:p@login.acme.test/t"])
    def test_an_address_that_is_none_is_a_wrong_setting(self, source, url):
        problem = problem_of(client(ClientCredentials(), token_url=url))

        assert problem.reason is Reason.CONFIG
        assert "token_url" in problem.message


def test_no_token_is_ever_shown(host, caplog):
    caplog.set_level(logging.DEBUG)
    http = of(host, RefreshToken())
    http.get("/kpi")
    host.revoke()
    host.spent[host.refresh_tokens[-1]] = 1
    problem = problem_of(http)

    shown = [caplog.text, str(problem), repr(problem), problem.hint, *traceback.format_exception(problem)]
    shown += [repr(http), repr(vars(http)), repr(http.requests_made), repr(RefreshToken())]
    canaries = [CLIENT[1], *host.refresh_tokens, *host.access_tokens]

    assert [canary for canary in canaries if any(canary in text for text in shown)] == []
    assert redact(" ".join(canaries[1:])) == " ".join(["********"] * len(canaries[1:]))


def test_a_token_from_the_vault_is_hidden_by_a_process_that_did_not_fetch_it(host):
    vault = TokensInMemory()
    of(host, RefreshToken(), vault=vault).get("/kpi")
    forget_all()

    of(host, RefreshToken(), vault=vault).get("/kpi")

    assert redact(f"refresh_token={host.refresh_tokens[1]}") == "refresh_token=********"
