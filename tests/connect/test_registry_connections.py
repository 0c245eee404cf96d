from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import Field, SecretStr, model_validator

from okrsync import Bearer, Config, Connector, Limits, Problem, Query, Reason
from okrsync.connect.connections import check_query, check_settings, open_connection, parse_query
from okrsync.connect.files import ProjectFile
from okrsync.connect.registry import Registry
from okrsync.okrs.environment import Secrets
from okrsync.okrs.model import Connection
from okrsync.redaction import redact


class Inner(Config):
    """A part."""

    secret: SecretStr | None = Field(None, description="A secret further in.")


class Settings(Config):
    """One account."""

    token: SecretStr = Field(description="Token with the right to read.")
    base_url: str = Field("https://api.test", description="Where it is.")
    limit: int = Field(10, description="How many.")
    file: ProjectFile | None = Field(None, description="A file.")
    inner: Inner | None = Field(None, description="A part.")
    per_second: float | None = Field(None, description="How fast.")

    @model_validator(mode="after")
    def _sensible(self):
        if self.limit > 100:
            raise ValueError("limit is more than the API gives")
        return self


class Question(Query):
    """One number."""

    stage: str = Field(description="Which stage.")
    scale: Decimal = Field(Decimal(1), description="A factor.")


class Api(Connector[Settings, Question]):
    """An API."""

    name = "api"
    auth = Bearer("token")
    limits = Limits(per_second=4.0)

    def read(self, ask):
        raise NotImplementedError


class Only(Registry):
    """A registry of these connectors."""

    def __init__(self, *kinds):
        self.kinds = {kind.name: kind for kind in kinds}

    def get(self, name):
        return self.kinds[name] if name in self.kinds else Registry.load().get(name)


REGISTRY = Only(Api)


def spec(connector="api", **settings):
    return Connection("crm", connector, settings)


def opened(folder=Path(), environ=None, **settings):
    return open_connection(spec(**settings), REGISTRY, Secrets(environ or {}, folder / "secrets"), folder)


def refusal(folder=Path(), environ=None, **settings):
    with pytest.raises(Problem) as caught:
        opened(folder, environ, **settings)
    return caught.value


def test_a_connection_is_opened_with_its_settings_filled_in_and_asks_nothing(source):
    connector = opened(environ={"TOKEN": "s3cret-token"}, token="${TOKEN}", base_url="https://${HOST:-crm.test}")

    assert connector.config.token.get_secret_value() == "s3cret-token"
    assert connector.http.base_url == "https://crm.test"


def test_its_secrets_are_sent_as_credentials_and_hidden_everywhere_else(source):
    source.get("https://api.test/me", status=401)
    connector = opened(environ={"TOKEN": "s3cret-token"}, token="${TOKEN}", inner={"secret": "innermost"})

    with pytest.raises(Problem) as caught:
        connector.http.get("/me")

    assert source.calls[0].request.headers["Authorization"] == "Bearer s3cret-token"
    assert "TOKEN" in caught.value.hint
    assert redact("s3cret-token innermost") == "******** ********"


def test_a_secret_may_be_a_file_of_the_project(tmp_path, source):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "TOKEN").write_text("from-a-file\n")

    assert opened(tmp_path, token="${TOKEN}").config.token.get_secret_value() == "from-a-file"


@pytest.mark.parametrize("environ", [{}, {"TOKEN": ""}])
def test_a_variable_that_is_not_set_is_named(environ):
    problem = refusal(environ=environ, token="${TOKEN}")

    assert problem.reason is Reason.CONFIG
    assert problem.message == "crm: TOKEN is not set, which `token` needs"
    assert "secrets/" in problem.hint


def test_settings_that_do_not_fit_are_a_problem_of_the_connection_without_a_value():
    problem = refusal(tokn="s3cret-token")

    assert problem.reason is Reason.CONFIG
    assert "crm: token is missing" in problem.message
    assert "s3cret" not in str(problem)


def test_an_unknown_connector_is_a_problem_of_the_connection():
    problem = refusal(connector="htp")

    assert problem.reason is Reason.CONFIG
    assert "'http'" in problem.hint


def test_a_constructor_that_fails_is_the_connectors_fault():
    class Bad(Api):
        name = "bad"

        def __init__(self, *given):
            raise KeyError("s3cret-token")

    with pytest.raises(Problem) as caught:
        open_connection(spec("bad", token="s3cret-token"), Only(Bad), {}, Path())

    assert caught.value.reason is Reason.INTERNAL
    assert "s3cret" not in str(caught.value)


def test_lint_needs_no_variable_to_be_set():
    assert check_settings(spec(token="${TOKEN}", limit="${LIMIT}", per_second="${SPEED}"), REGISTRY, Path()) == []


def test_lint_finds_every_mistake_and_where_it_stands(tmp_path):
    settings = {"token": "${T}", "limt": 5, "limit": "many", "inner": {"secrt": "x"}, "file": "gone.csv"}

    found = {misfit.path: misfit for misfit in check_settings(spec(**settings), REGISTRY, tmp_path)}

    assert set(found) == {("limt",), ("limit",), ("inner", "secrt"), ("file",)}
    assert found["limt",].hint == "did you mean 'limit'?"
    assert found["inner", "secrt"].hint == "did you mean 'secret'?"
    assert "gone.csv does not exist" in found["file",].message


def test_lint_finds_what_does_not_fit_together():
    (misfit,) = check_settings(spec(token="${T}", limit=101), REGISTRY, Path())

    assert (misfit.path, misfit.message) == ((), "limit is more than the API gives")


def test_lint_names_a_missing_setting_and_says_what_it_is():
    (misfit,) = check_settings(spec(), REGISTRY, Path())

    assert (misfit.path, misfit.message) == (("token",), "token is missing")
    assert "right to read" in misfit.hint


def test_lint_finds_an_unknown_connector():
    (misfit,) = check_settings(spec("spredsheet"), REGISTRY, Path())

    assert misfit.path == ("connector",)
    assert "'spreadsheet'" in misfit.hint


def test_a_secret_in_plain_text_is_found_and_not_repeated():
    (misfit,) = check_settings(spec(token="s3cret-token"), REGISTRY, Path())

    assert misfit.path == ("token",)
    assert "${CRM_TOKEN}" in misfit.hint
    assert "s3cret" not in str(misfit)


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        pytest.param("sqlite:///numbers.db", False, id="an address alone gives nothing away"),
        pytest.param("postgresql://reader@host/db", False, id="nor does a user"),
        pytest.param("postgresql://reader:s3cret@host/db", True, id="a password does"),
        pytest.param("postgresql://host/db?password=s3cret", True, id="in whatever place"),
        pytest.param("${URL}", False, id="a variable does not"),
    ],
)
def test_an_address_is_a_secret_where_it_holds_a_password(address, plain, tmp_path):
    found = check_settings(spec("sql", url=address), REGISTRY, tmp_path)

    assert bool(found) is plain


def test_the_password_within_an_address_is_hidden_too(source):
    opened(connector="sql", environ={"URL": "postgresql://reader:p%40ss-word@host/db"}, url="${URL}")

    assert redact("p@ss-word and p%40ss-word") == "******** and ********"


def test_a_query_is_checked_against_what_the_connector_takes():
    found = check_query(spec(), {"stge": "won"}, REGISTRY)

    assert [misfit.path for misfit in found] == [("stage",), ("stge",)]
    assert found[1].hint == "did you mean 'stage'?"
    assert check_query(spec(), {"stage": "won"}, REGISTRY) == []
    assert check_query(spec("no-such"), {"any": 1}, REGISTRY) == []


def test_a_query_that_does_not_fit_is_a_problem_of_the_metric():
    with pytest.raises(Problem, match="stage is missing") as caught:
        parse_query(Api, {})

    assert caught.value.reason is Reason.QUERY
    assert parse_query(Api, {"stage": "won"}) == Question(stage="won")
