"""The connector against a real Prometheus, on loopback."""

import shutil
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from okrsync import Ask, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection

SERVER, TOOL = shutil.which("prometheus"), shutil.which("promtool")
FIRST, MINUTE = datetime(2026, 10, 1, tzinfo=UTC), timedelta(minutes=1)
HOUR = Window(FIRST, FIRST + 60 * MINUTE, ZoneInfo("UTC"))
REGISTRY = Registry.load()

pytestmark = pytest.mark.skipif(
    not (SERVER and TOOL), reason="needs `prometheus` and `promtool` on the PATH (Debian: apt install prometheus)"
)


def samples():
    """One sample a minute, from an hour before the window to an hour after it, both of its edges among them."""
    lines = ["# TYPE orders counter"]
    for shop, each in (("a", 10), ("b", 5)):
        for minute in range(-60, 121):
            at = (FIRST + minute * MINUTE).timestamp()
            lines.append(f'orders_total{{shop="{shop}"}} {(minute + 60) * each} {at:.3f}')
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "samples.txt").write_text(samples())
    (folder / "prometheus.yml").write_text("global: {}\n")
    imported = [TOOL, "tsdb", "create-blocks-from", "openmetrics", folder / "samples.txt", folder / "data"]
    subprocess.run(imported, check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        listens = f"127.0.0.1:{free.getsockname()[1]}"
    started = [SERVER, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
    started += ["--storage.tsdb.retention.time=100y", f"--web.listen-address={listens}"]
    server = subprocess.Popen(started, stderr=subprocess.PIPE, text=True)
    try:
        assert any("ready to receive web requests" in line for line in server.stderr), "Prometheus did not start"
        yield f"http://{listens}"
    finally:
        server.terminate()
        server.communicate(timeout=30)


@pytest.fixture
def ops(address, tmp_path, source):
    source.add_passthru("http://127.0.0.1")
    spec = Connection("ops", "prometheus", {"base_url": address, "allow_private": True})
    return open_connection(spec, REGISTRY, {}, tmp_path)


def ask_one(ops, promql, window=HOUR):
    ask = Ask("k", ops.Query(promql=promql), window, window.end)
    return collect(ops, [ask], window.end)["k"]


@pytest.mark.parametrize(
    ("promql", "value"),
    [
        pytest.param('count_over_time(orders_total{shop="a"}[{window}])', 60, id="start counts, end does not"),
        pytest.param('min_over_time(orders_total{shop="a"}[{window}])', 600, id="what was on the start"),
        pytest.param('max_over_time(orders_total{shop="a"}[{window}])', 1190, id="what was last before the end"),
        pytest.param("sum(orders_total)", 1785, id="the state at the end"),
        pytest.param("scalar(sum(orders_total)) / 2", "892.5", id="a scalar"),
        pytest.param("sum(nothing_total) or vector(0)", 0, id="a zero that is meant"),
    ],
)
def test_a_query_has_its_number(ops, promql, value):
    assert str(ask_one(ops, promql).value) == str(value)


@pytest.mark.parametrize(
    ("promql", "reason", "said"),
    [
        pytest.param("orders_total", Reason.QUERY, "2 series, expected 1: __name__=orders_total,shop=a", id="several"),
        pytest.param("orders_total[5m]", Reason.QUERY, "comes to a matrix", id="a range"),
        pytest.param('"text"', Reason.QUERY, "comes to a string", id="a text"),
        pytest.param("sum(", Reason.QUERY, "parse error: unclosed left parenthesis", id="no PromQL"),
        pytest.param("orders_total * on(x) orders_total", Reason.QUERY, "422 execution", id="cannot be calculated"),
        pytest.param("0/0", Reason.BAD_VALUE, "NaN", id="not a number"),
        pytest.param("1/0", Reason.BAD_VALUE, "Inf", id="infinite"),
        pytest.param("sum(orders_totl)", Reason.QUERY, "no metric 'orders_totl'", id="a typo"),
        pytest.param('sum(orders_total{shop="c"})', Reason.NO_DATA, "no series", id="no such series"),
    ],
)
def test_what_is_not_one_number_is_a_problem(ops, promql, reason, said):
    problem = ask_one(ops, promql)

    assert problem.reason is reason
    assert said in problem.message


def test_a_window_before_the_first_sample_holds_nothing(ops):
    window = Window(HOUR.start - 600 * MINUTE, HOUR.end - 600 * MINUTE, HOUR.zone)

    assert ask_one(ops, "sum(increase(orders_total[{window}]))", window).reason is Reason.NO_DATA


def test_check_and_discover_are_answered(ops):
    assert ops.check().startswith("connected to Prometheus ")
    assert [choice.value for choice in ops.discover()] == ["orders_total"]
