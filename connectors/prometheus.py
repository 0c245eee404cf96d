"""Anything that Prometheus, or what speaks its API (Thanos, Mimir, VictoriaMetrics, Grafana Cloud), has measured.

One PromQL query, one number.

https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator

from okrsync import (
    Ask,
    Auth,
    Basic,
    Bearer,
    Choice,
    Config,
    Connector,
    History,
    Limits,
    Problem,
    Query,
    Reading,
    Reason,
    Window,
    number,
)
from okrsync.connect.files import ProjectFile
from okrsync.connect.transport.http import HttpClient, Reply
from okrsync.nearest import did_you_mean
from okrsync.redaction import redact

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_PATIENCE = "25s"
"""What the server may take for one query; it ends before okrsync's own patience of 30 s does."""
_WINDOW = "{window}"
_BARE_BRACES = re.compile(r"(?<!\$)\{\s*[A-Za-z_][\w.:]*\s*\}")
_TEXTS = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`""")
_NO_METRICS = re.compile(
    r"""
    \{[^{}]*\} | \[[^\]]*\]                                    # labels, ranges
    | \b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)
    | (?<![\w:])[\d.]+\w*                                       # numbers, durations
    """,
    re.VERBOSE | re.IGNORECASE,
)
_METRIC = re.compile(r"(?<![\w:])[a-zA-Z_:][\w:]*(?![\w:]|\s*\()")
_WORDS = frozenset({"and", "or", "unless", "atan2", "bool", "offset", "inf", "nan"})
_GROUPING = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_LONGEST_REMARK = 160
_SHOWN = 3


class PrometheusConfig(Config):
    """One server with Prometheus's HTTP API, open or behind a password or a token."""

    base_url: HttpUrl = Field(
        description="Where the server is, up to what comes before /api/v1.",
        examples=["https://prometheus.example.com", "https://prometheus-prod-01.grafana.net/api/prom"],
    )
    bearer: SecretStr | None = Field(None, description="Token, if the server wants one.", examples=["${PROM_TOKEN}"])
    user: str | None = Field(None, description="Or a user for basic authentication, with `password`.")
    password: SecretStr | None = Field(None, description="Password for basic authentication; a token in Grafana Cloud.")
    allow_private: bool = Field(False, description="Whether the server may be in a private network.")
    ca_file: ProjectFile | None = Field(None, description="Certificates of your own authority (PEM).")
    at_once: int = Field(4, ge=1, le=32, description="Queries that may be under way at the same time.")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("`user` and `password` belong together")
        if self.bearer and self.password:
            raise ValueError("say either `bearer`, or `user` with `password`")
        return self


class PrometheusQuery(Query):
    """One number: what `promql` comes to at the end of the metric's window.

    `{window}` in it stands for the window's length, so that `[{window}]` looks at what lies in the window and nothing
    else. Without it the answer is the state at the window's end.
    """

    promql: str = Field(
        min_length=1,
        description="A query for one series or one scalar; `{window}` is the length of the metric's window. What may "
        "be missing although it was counted needs `or vector(0)`.",
        examples=["sum(increase(orders_total[{window}]))", "avg_over_time(probe_success[{window}]) * 100"],
    )

    @field_validator("promql")
    @classmethod
    def _only_the_window_is_filled_in(cls, promql: str) -> str:
        for braces in _BARE_BRACES.findall(promql):
            if braces != _WINDOW:
                raise ValueError(f"{braces} stands for nothing; write {_WINDOW} for the length of the metric's window")
        return promql


class Prometheus(Connector[PrometheusConfig, PrometheusQuery]):
    """Prometheus and what speaks its API.

    Credentials:

    1. Take the server's address, up to what comes before /api/v1, as `base_url`. One in a private network needs
       `allow_private: true`.
    2. A server of your own asks for no credentials. If a proxy before it does, have it give a user and password, or a
       token, that may only GET below /api/v1.
    3. In Grafana Cloud (unverified) open the stack's Prometheus: the query URL up to /api/prom is `base_url`, the user
       number is `user`. Make an access policy with the scope metrics:read; its token is `password`.

    Limits: none of Prometheus's own but the time a query may take. What is heavy over a whole quarter is better a
    recording rule.

    Cannot: look further back than the server keeps its samples; count exactly with increase() and rate(), which
    extrapolate to the edges of the window, so that counts may have fractions. Before 3.0 a range also took in what was
    scraped exactly at its beginning: there a sample one millisecond before the window counts too.
    """

    name, history, max_batch = "prometheus", "versioned", 1
    limits = Limits(at_once=4)
    scopes = ("GET on /api/v1/query and /api/v1/label/__name__/values (in Grafana Cloud: metrics:read)",)

    def __init__(self, connection: str, config: PrometheusConfig, http: HttpClient) -> None:
        super().__init__(connection, config, http)
        http.classify = _classify

    @classmethod
    def credentials(cls, config: PrometheusConfig) -> Auth | None:
        """Return the way in that the settings name, if any."""
        if config.bearer:
            return Bearer("bearer")
        return Basic("user", "password") if config.password else None

    def history_of(self, query: PrometheusQuery) -> History:
        """Return that any window can be asked for where the query heeds it, else the state at any moment."""
        return History.WINDOW if _WINDOW in query.promql else History.VERSIONED

    def check(self) -> str:
        """Have the server calculate something, and ask what it is."""
        reply = self.http.json_reply("GET", "/api/v1/query", params={"query": "vector(1)"})
        _the_value(reply.json())
        who = f"as {self.config.user}" if self.config.user else "with a token" if self.config.bearer else "as anybody"
        return f"connected to {self._kind()} at {reply.host} {who}; it answers queries"

    def read(self, ask: Ask[PrometheusQuery]) -> Reading:
        """Ask what the query comes to just before the window's end, which itself is not in the window."""
        at = ask.window.end - _MILLISECOND
        params = {"query": _filled(ask.query.promql, ask.window), "time": _seconds(at), "timeout": _PATIENCE}
        answer = self.http.get("/api/v1/query", params=params)
        try:
            value = _the_value(answer)
        except Problem as problem:
            if problem.reason is Reason.NO_DATA:
                self._refuse_unknown_metrics(ask.query.promql)
            raise
        warnings = answer.get("warnings") or []
        provenance = {"promql": params["query"], **({"warnings": warnings} if warnings else {})}
        complete = not warnings and ask.window.end <= ask.as_of
        return Reading(value, ask.as_of, complete=complete, provenance=provenance)

    def discover(self, like: str = "") -> Iterator[Choice]:
        """Yield the metrics whose name holds `like`."""
        yield from (Choice("promql", name) for name in self._metrics() if like.lower() in name.lower())

    def _refuse_unknown_metrics(self, promql: str) -> None:
        """Raise `Problem` where the query names a metric that the server does not have: a typo finds nothing, too."""
        named = _metrics_in(promql)
        known = set(self._metrics()) if named else set()
        if unknown := [name for name in named if name not in known]:
            hint = did_you_mean(unknown[0], known) or f"see `okrsync discover {self.connection}`"
            raise Problem(Reason.QUERY, f"Prometheus has no metric {unknown[0]!r}", hint)

    def _metrics(self) -> list[str]:
        names = _data(self.http.get("/api/v1/label/__name__/values"))
        if not isinstance(names, list):
            raise Problem(Reason.BAD_RESPONSE, "the server lists no metrics as documented", "check `base_url`")
        return [str(name) for name in names]

    def _kind(self) -> str:
        """Return name and version of the server; not all that speak the API tell."""
        try:
            built = _data(self.http.get("/api/v1/status/buildinfo"))
        except Problem as problem:
            if problem.reason.of_the_connection:
                raise
            built = None
        version = built.get("version") if isinstance(built, Mapping) else None
        return f"Prometheus {version}" if version else "a server with Prometheus's API"


def _filled(promql: str, window: Window) -> str:
    """Return `promql` with the window's length in it; raises `Problem` for a window without a start."""
    if _WINDOW not in promql:
        return promql
    if window.start is None:
        what = f"the query holds {_WINDOW}, and the metric's window has no start"
        raise Problem(Reason.QUERY, what, "give the metric a window such as cycle_to_date or trailing(28 days)")
    length = (window.end - window.start) // _MILLISECOND
    return promql.replace(_WINDOW, f"{length}ms" if length % 1000 else f"{length // 1000}s")


def _seconds(moment: datetime) -> str:
    """Return the seconds since 1970, with milliseconds."""
    milliseconds = (moment - _EPOCH) // _MILLISECOND
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"


def _data(answer: Any) -> Any:
    """Return what a reply is about; raises `Problem` where it is an error or something else altogether."""
    if not isinstance(answer, Mapping) or answer.get("status") != "success" or "data" not in answer:
        code = answer.get("errorType") if isinstance(answer, Mapping) else None
        what = f"an error ({_short(code)})" if code else "something else than Prometheus's documentation says"
        raise Problem(Reason.BAD_RESPONSE, f"the server answered with {what}", "check `base_url`")
    return answer["data"]


def _the_value(answer: Any) -> Any:
    """Return the only number of a reply to a query."""
    data = _data(answer)
    kind, result = (data.get("resultType"), data.get("result")) if isinstance(data, Mapping) else (None, None)
    match kind, result:
        case "scalar", list():
            return number(answer, "data.result[1]")
        case "vector", []:
            hint = "no data is not zero; if nothing means zero here, end the query with `or vector(0)`"
            raise Problem(Reason.NO_DATA, "the query finds no series at the window's end", hint)
        case "vector", [_]:
            return number(answer, "data.result[0].value[1]")
        case "vector", list():
            hint = "wrap the query in sum(), max() or avg(), or choose one of them by its labels"
            raise Problem(Reason.QUERY, f"the query finds {len(result)} series, expected 1: {_labels(result)}", hint)
        case "matrix" | "string", _:
            hint = "have it come to one number: sum(increase(…[{window}])), for example"
            raise Problem(Reason.QUERY, f"the query comes to a {kind}, not to a number", hint)
    raise Problem(Reason.BAD_RESPONSE, "the reply holds no result as documented", "check `base_url`")


def _labels(series: list[Any]) -> str:
    """Return the labels of the first few series."""
    shown = [one.get("metric") if isinstance(one, Mapping) else None for one in series[:_SHOWN]]
    texts = [",".join(f"{name}={value}" for name, value in labels.items()) for labels in shown if labels]
    return _short(" | ".join(texts)) + (" | …" if len(series) > _SHOWN else "")


def _metrics_in(promql: str) -> list[str]:
    """Return the metrics that a query names outright.

    >>> _metrics_in('sum by (shop) (rate(orders_total{shop!="x"}[5m] offset 1d)) / on(job) group_left() job:up:sum')
    ['orders_total', 'job:up:sum']
    """
    names = _METRIC.findall(_NO_METRICS.sub(" ", _TEXTS.sub("", promql)))
    return [name for name in names if name.lower() not in _WORDS | _GROUPING]


def _classify(reply: Reply) -> Problem | None:
    """Return what the server itself says about a query that it cannot answer; the rest is said by the status."""
    if reply.status not in (400, 422, 503):
        return None
    try:
        said = reply.json()
    except Problem:
        return None
    kind, remark = (said.get("errorType"), said.get("error")) if isinstance(said, Mapping) else (None, None)
    if kind is None:
        return None
    if reply.status == 503:
        hint = "if it is too heavy, make a recording rule of it, or shorten the metric's window"
        timed_out = reply.problem("gave the query up for lack of time (503 timeout)", hint, Reason.QUERY)
        return timed_out if kind == "timeout" else None
    hint = f"correct the metric's `promql`; `okrsync discover {reply.connection}` lists the metrics"
    return reply.problem(
        f"did not accept the query ({reply.status} {_short(kind)}): {_short(remark)}", hint, Reason.QUERY
    )


def _short(text: Any) -> str:
    line = redact(" ".join(str(text).split()))
    return line if len(line) <= _LONGEST_REMARK else line[: _LONGEST_REMARK - 1] + "…"
