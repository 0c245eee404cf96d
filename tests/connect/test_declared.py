"""A connector as data: it passes the kit, as Python too, and every mistake in it has its line."""

from __future__ import annotations

import sys

import pytest

from okrsync.connect.contract import History
from okrsync.connect.declared.loading import parse
from okrsync.connect.registry import Registry
from okrsync.errors import GoalsError, Problem, Reason
from okrsync.testing import run
from okrsync.testing.declared import example_of, in_words_of_the_file
from okrsync.testing.ejecting import ejected
from tests.connect import declared_samples as samples
from tests.connect.declared_samples import ACME, FILES, GITHUB, HUBSPOT, HUBSPOT_EXAMPLE


def findings(text):
    with pytest.raises(GoalsError) as caught:
        parse(text, "connectors/x.yaml")
    return [str(finding) for finding in caught.value.findings]


@pytest.mark.parametrize("name", FILES)
def test_three_apis_as_data_pass_the_kit(name):
    assert run(example_of(parse(FILES[name], f"connectors/{name}.yaml"))) == []


@pytest.mark.parametrize("text", [HUBSPOT, GITHUB, ACME], ids=list(FILES))
def test_each_of_them_is_at_most_thirty_lines(text):
    assert len(text.splitlines()) <= 30


@pytest.mark.parametrize("name", FILES)
def test_ejected_to_python_they_pass_the_same_kit(name, tmp_path):
    (tmp_path / "connectors").mkdir()
    kind = parse(FILES[name], f"{name}.yaml")
    (tmp_path / "connectors" / f"{name}.py").write_text(ejected(kind))

    python = Registry.load(tmp_path).get(name)

    assert python.Query.model_json_schema()["properties"] == kind.Query.model_json_schema()["properties"]
    assert python.Config.model_fields.keys() == kind.Config.model_fields.keys()
    assert (python.history, python.grain, python.limits) == (kind.history, kind.grain, kind.limits)
    assert run(vars(sys.modules[python.__module__])["example"]) == []


def test_the_past_is_known_where_the_request_says_when_the_window_ends():
    assert parse(GITHUB, "x.yaml").history is History.WINDOW
    assert parse(GITHUB.replace("..{window.last_day}", ""), "x.yaml").history is History.SNAPSHOT


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        pytest.param(
            "paginate:", "pagniate:", "x.yaml:22:1: unknown key 'pagniate' (did you mean 'paginate'?)", id="key"
        ),
        pytest.param(
            "type: string", "typ: string", "x.yaml:11:11: unknown key 'typ' (did you mean 'type'?)", id="inner"
        ),
        pytest.param("{query.stage}", "{query.stge}", "did you mean 'query.stage'?", id="placeholder"),
        pytest.param(
            "secret: true,", "secret: true, default: abc,", "stands here in plain text", id="a secret in the file"
        ),
        pytest.param("agg: sum", "agg: summ", "agg must be one of", id="aggregation"),
        pytest.param("agg: sum, ", "agg: count, ", "`count` counts rows and takes no `of`", id="of"),
        pytest.param("rows: results\n", "", "`rows` and a `value` with `agg` belong together", id="rows"),
        pytest.param("into: json.after", "into: body.after", "into must be text that matches", id="into"),
        pytest.param("bearer: token", "bearer: tokn", "x.yaml:6:16: there is no setting 'tokn' in `config`", id="auth"),
        pytest.param("secret: true, ", "", "x.yaml:4:3: the setting token is a secret", id="a secret as plain text"),
        pytest.param(
            "deals/search", "deals/{config.token}", "x.yaml:14:9: {config.token} is a secret", id="in the path"
        ),
        pytest.param("{window.start:ms}", "2026-10-01", "the day 2026-10-01 is written out", id="a hard-coded date"),
        pytest.param("{window.end:ms}", "x", "the request never says when the window ends", id="history"),
        pytest.param("  method: POST\n", "", "`json` goes with `method: POST`", id="json"),
        pytest.param("https://api.hubapi.com", "api.hubapi.com", "base_url must be an address", id="address"),
        pytest.param("connector: hubspot_deals", "connector: Deals-1", "for example 'deals'", id="name"),
        pytest.param('value: "{query.stage}"', "value: won", "what a metric says as stage goes nowhere", id="unused"),
        pytest.param("of: properties.amount", "of: 'a..b'", "is no JMESPath expression", id="expression"),
        pytest.param("title: HubSpot deals", "title: a\ntitle: b", "a second time", id="twice"),
    ],
)
def test_a_mistake_is_found_with_its_line_and_the_way_out(before, after, said):
    assert before in HUBSPOT

    found = findings(HUBSPOT.replace(before, after))

    assert any(said in one for one in found), found
    assert all(one.startswith("connectors/x.yaml:") for one in found)


@pytest.mark.parametrize(
    ("before", "after", "check"),
    [
        pytest.param("of: properties.amount", "of: properties.amont", "the_value_is_read", id="a mistyped selector"),
        pytest.param("operator: LT,", "operator: LTE,", "rows_on_both_edges_of_the_window", id="an inclusive end"),
    ],
)
def test_what_only_a_reply_shows_is_found_by_the_kit_with_the_line_to_change(before, after, check):
    kind = parse(HUBSPOT.replace(before, after) + HUBSPOT_EXAMPLE, "connectors/x.yaml")

    failures = [in_words_of_the_file(kind, failure) for failure in run(example_of(kind))]

    assert check in {failure.check for failure in failures}
    assert all(failure.place.startswith("connectors/x.yaml:") for failure in failures)


def test_a_reply_that_looks_paged_is_a_problem_without_paging():
    text = HUBSPOT.replace("paginate: {cursor: paging.next.after, into: json.after}\n", "")
    example = HUBSPOT_EXAMPLE.replace("{total: 2, results", "{total: 200, results")

    failures = run(example_of(parse(text + example, "x.yaml")))

    assert any("looks paged" in failure.message for failure in failures)


def test_a_broken_file_is_listed_with_its_findings_and_stops_nobody(tmp_path):
    (tmp_path / "connectors").mkdir()
    (tmp_path / "connectors" / "good.yaml").write_text(GITHUB.replace("github_issues", "good"))
    (tmp_path / "connectors" / "bad.yml").write_text(HUBSPOT.replace("rows:", "rwos:"))

    registry = Registry.load(tmp_path)

    assert registry.get("good").title == "GitHub issues"
    assert registry.origin("good") == "connectors/good.yaml"
    (broken,) = registry.broken
    assert "connectors/bad.yml:23:1: unknown key 'rwos' (did you mean 'rows'?)" in broken.message
    with pytest.raises(Problem, match="rwos") as caught:
        registry.get("bad")
    assert caught.value.reason is Reason.CONFIG


def test_a_key_in_the_address_is_sent_and_shown_nowhere_and_the_kit_asks_why():
    text = samples.GITHUB.replace("auth: {bearer: token}", "auth: {query: {name: key, setting: token}}")

    failures = run(example_of(parse(text + samples.GITHUB_EXAMPLE, "x.yaml")))

    assert [failure.check for failure in failures] == ["no_secret_in_an_address"]


def test_an_address_may_be_made_of_settings():
    text = samples.GITHUB.replace("https://api.github.com", "https://{config.account}.github.test").replace(
        "config:\n", "config:\n  account: {help: Name of the account., example: acme}\n"
    )
    example = samples.GITHUB_EXAMPLE.replace("settings: {", "settings: {account: acme, ")

    kind = parse(text + example, "x.yaml")

    assert run(example_of(kind)) == []
    assert "{config.account}" in ejected(kind)
