"""Salesforce's three ways to log in, each put through the kit, and what each sends."""

import base64
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError

from okrsync import Ask, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.credentials.tokens import TokensInMemory
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection
from okrsync.okrs.windows import cycle_window
from okrsync.testing import Case, ConnectorContract, Example, Exchange

REGISTRY = Registry.load()
SALESFORCE = REGISTRY.get("salesforce")
ORG = "https://acme.my.salesforce.com"
LOGIN = "https://login.salesforce.com/services/oauth2/token"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
LEADS = "SELECT COUNT() FROM Lead WHERE CreatedDate >= {window.start} AND CreatedDate < {window.end}"
REPORT = "00O000000000001AAA"
OCTOBER = cycle_window(datetime(2026, 10, 1).date(), datetime(2026, 10, 31).date(), ZoneInfo("Europe/Berlin"))  # noqa: DTZ001


def answered(*numbers):
    rows = [{"totalSize": number, "done": True, "records": []} for number in numbers]
    return {"hasErrors": False, "results": [{"statusCode": 200, "result": row} for row in rows]}


def each_by_itself(sent):
    """Answer every question of a batch as Salesforce does, in its order."""
    numbers = {"Lead": 7, "Contact": 9}
    results = []
    for one in sent.json["batchRequests"]:
        name = next((name for name in numbers if f"FROM%20{name}" in one["url"]), None)
        code = [{"errorCode": "INVALID_TYPE", "message": "no such object"}]
        found = {"totalSize": numbers.get(name), "done": True, "records": []}
        results.append({"statusCode": 200, "result": found} if name else {"statusCode": 400, "result": code})
    return {"hasErrors": False, "results": results}


BATCH = Exchange(each_by_itself, method="POST", path="/services/data/v67.0/composite/batch")
CONTACTS = {"soql": LEADS.replace("Lead", "Contact")}
ONE_ROW = "a question has one row for an answer; a query with more rows is refused, which has a test of its own"
EXAMPLE = {
    "connector": SALESFORCE,
    "query": {"soql": LEADS},
    "exchanges": [BATCH],
    "value": 7,
    "empty": Case(
        [Exchange({"results": [{"statusCode": 200, "result": {"totalSize": 1, "records": [{"expr0": None}]}}]})],
        query={"soql": LEADS.replace("COUNT()", "SUM(Score__c)")},
    ),
    "bad_query": Case([BATCH], query={"soql": LEADS.replace("Lead", "Laed")}),
    "error_in_200": Case([BATCH], query={"soql": LEADS.replace("Lead", "Laed")}),
    "edges": Case(
        [Exchange(answered(7), containing=["CreatedDate%20%3E%3D%202026-09-30T22%3A00%3A00Z", "2026-10-31T23%3A00"])],
        value=7,
        window=OCTOBER,
    ),
    "batch": [Case([BATCH], value=7, query={"soql": LEADS}), Case([BATCH], value=9, query=CONTACTS)],
    "check": [
        Exchange({"identity": f"{ORG}/id/00DRO0000008aXd2AI/005RO000000HfnkYAC"}),
        Exchange({"totalSize": 1, "records": [{"Username": "bot@acme.com"}]}),
    ],
    "discover": [
        Exchange({"sobjects": [{"name": "Lead", "label": "Lead", "queryable": True}]}),
        Exchange([{"id": REPORT, "name": "Pipeline"}]),
    ],
    "without": dict.fromkeys(("three_pages_are_counted", "the_same_cursor_twice_stops"), ONE_ROW),
}
TOKEN = {"access_token": "canary-access", "instance_url": ORG, "token_type": "Bearer"}
TOKENS = [Exchange(TOKEN, method="POST", path="/services/oauth2/token")]
JWT = {"client_id": "consumer-key", "private_key": PEM, "username": "bot@acme.com"}
REFRESH = {"client_id": "consumer-key", "client_secret": "canary-secret", "refresh_token": "canary-refresh"}
CLIENT = {"client_id": "consumer-key", "client_secret": "canary-secret", "token_url": f"{ORG}/services/oauth2/token"}


class TestWithASignedStatement(ConnectorContract):
    example = Example(settings=JWT, tokens=TOKENS, **EXAMPLE)


class TestWithARefreshToken(ConnectorContract):
    example = Example(settings=REFRESH, tokens=TOKENS, **EXAMPLE)


class TestWithClientCredentials(ConnectorContract):
    example = Example(settings={**CLIENT, "base_url": ORG}, tokens=TOKENS, **EXAMPLE)


class TestWithAReport(ConnectorContract):
    example = Example(
        settings={**CLIENT, "base_url": ORG},
        tokens=TOKENS,
        **{
            **EXAMPLE,
            "query": {"report": REPORT},
            "exchanges": [
                Exchange(
                    {
                        "allData": True,
                        "factMap": {"T!T": {"aggregates": [{"label": "7", "value": 7}]}},
                        "reportMetadata": {"aggregates": ["RowCount"]},
                    },
                    method="GET",
                    path=f"/analytics/reports/{REPORT}",
                )
            ],
            "window": Window(None, NOW, ZoneInfo("UTC")),
            "as_of": NOW,
            "empty": Case(
                [
                    Exchange(
                        {
                            "factMap": {"T!T": {"aggregates": [{"label": "-", "value": None}]}},
                            "reportMetadata": {"aggregates": ["RowCount"]},
                        }
                    )
                ]
            ),
            "bad_query": Case(
                [Exchange([{"errorCode": "NOT_FOUND", "message": "no"}], status=404, containing="00O000000000002AAA")],
                query={"report": "00O000000000002AAA"},
            ),
            "error_in_200": Case([Exchange([{"errorCode": "UNKNOWN_EXCEPTION", "message": "no"}])]),
            "edges": None,
            "batch": [
                Case([BATCH], value=7, query={"soql": "SELECT COUNT() FROM Lead"}),
                Case([BATCH], value=9, query={"soql": "SELECT COUNT() FROM Contact"}),
            ],
        },
    )


@pytest.fixture
def logged_in(tmp_path, source):
    def count(settings, vault=None):
        secrets = {"client_secret": "SECRET", "refresh_token": "REFRESH", "private_key": "KEY"}
        written = {name: f"${{{secrets[name]}}}" if name in secrets else value for name, value in settings.items()}
        values = {secrets[name]: value for name, value in settings.items() if name in secrets}
        crm = open_connection(Connection("crm", "salesforce", written), REGISTRY, values, tmp_path, vault)
        query = SALESFORCE.Query(soql="SELECT COUNT() FROM Lead")
        return collect(crm, [Ask("k", query, Window(None, NOW, ZoneInfo("UTC")), NOW)], NOW)["k"]

    return count


def form(call):
    return dict(part.split("=", 1) for part in call.request.body.split("&"))


def test_the_statement_is_signed_for_the_user_and_good_for_less_than_three_minutes(logged_in, source, waits):
    source.post(LOGIN, json=TOKEN)
    source.post(f"{ORG}/services/data/v67.0/composite/batch", json=answered(7))

    assert logged_in({**JWT, "audience": "https://test.salesforce.com"}).value == 7

    claims = jwt.decode(
        form(source.calls[0])["assertion"],
        KEY.public_key(),
        ["RS256"],
        audience="https://test.salesforce.com",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert (claims["iss"], claims["sub"]) == ("consumer-key", "bot@acme.com")
    assert 0 < claims["exp"] - waits.now().timestamp() <= 180


def test_client_credentials_travel_as_basic_authentication(logged_in, source):
    source.post(CLIENT["token_url"], json=TOKEN)
    source.post(f"{ORG}/services/data/v67.0/composite/batch", json=answered(7))

    assert logged_in(CLIENT).value == 7

    pair = base64.b64encode(b"consumer-key:canary-secret").decode()
    assert source.calls[0].request.headers["Authorization"] == f"Basic {pair}"
    assert form(source.calls[0]) == {"grant_type": "client_credentials"}


def test_a_refresh_token_that_is_replaced_is_kept_for_the_next_login(logged_in, source):
    vault = TokensInMemory()
    source.post(LOGIN, json={**TOKEN, "refresh_token": "second-refresh"})
    source.post(LOGIN, json=TOKEN)
    source.post(f"{ORG}/services/data/v67.0/composite/batch", json=answered(7))

    assert logged_in(REFRESH, vault).value == 7
    assert logged_in(REFRESH, vault).value == 7

    logins = [form(call) for call in source.calls if call.request.url == LOGIN]
    assert [login["refresh_token"] for login in logins] == ["canary-refresh", "second-refresh"]


def test_the_settings_may_say_where_the_org_is_in_place_of_the_login(logged_in, source):
    other = "https://other.my.salesforce.com"
    source.post(LOGIN, json={"access_token": "canary-access"})
    source.post(f"{other}/services/data/v67.0/composite/batch", json=answered(7))

    assert logged_in({**JWT, "base_url": other}).value == 7


def test_a_refused_login_names_what_to_check(logged_in, source):
    source.post(LOGIN, status=400, json={"error": "invalid_grant", "error_description": "expired access/refresh token"})

    problem = logged_in(REFRESH)

    assert problem.reason is Reason.AUTH
    assert "REFRESH" in problem.hint
    source.assert_call_count(LOGIN, 1)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param({"client_id": "app"}, "how to log in", id="no way in"),
        pytest.param({"client_id": "app", "private_key": "k"}, "belong together", id="a key for nobody"),
        pytest.param({**JWT, "client_secret": "s"}, "say one of", id="two ways in"),
        pytest.param({**CLIENT, "token_url": LOGIN}, "My Domain", id="client credentials at the general login"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_words(settings, said):
    with pytest.raises(ValidationError, match=said):
        SALESFORCE.Config.model_validate(settings)
