"""Where secrets go: to the source, in headers or bodies, and nowhere else."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from typing import Any

from okrsync.connect.contract import Reading
from okrsync.errors import Problem
from okrsync.testing.bench import Bench, opened
from okrsync.testing.checks.register import READS, check, check_over_http
from okrsync.testing.example import AnyExample, Example, Exchange
from okrsync.testing.failure import Flaw, Flaws
from okrsync.testing.secrets import canaries, shown
from okrsync.testing.source import Fault

_TROUBLES: dict[str, Fault | None] = {
    "a reading": None,
    "a refusal (401)": lambda _: Exchange({"message": "no"}, 401),
    "a bad question (400)": lambda _: Exchange({"message": "no"}, 400),
    "an unusable reply": lambda _: Exchange({"unexpected": 1}),
    "an outage (503)": lambda _: Exchange({"message": "down"}, 503),
}


@check(*READS, "__init__")
def no_secret_is_shown(example: AnyExample) -> Flaws:
    """No secret stands in a message, a reading's account, a `repr` or a log."""
    secrets = canaries(example)
    troubles = _TROUBLES if isinstance(example, Example) else {"a reading": None}
    for name, fault in troubles.items() if secrets else ():
        with opened(example, fault=fault) as bench:
            texts = [*_of_answer(bench.raw(), name), *_of_connector(bench)]
        with opened(example, fault=fault) as bench:
            texts += _of_answer(bench.ask(), name)
        for where, text in texts:
            if shown(text, secrets):
                yield Flaw(f"a secret stands in {where}", "take it out; the setting is a SecretStr, so name it instead")
                return


def _of_answer(answer: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(answer, Reading):
        yield "the provenance of a reading", json.dumps(dict(answer.provenance), default=str)
        yield "the sample of a reading", repr(answer.sample)
    elif isinstance(answer, Exception) and not isinstance(answer, Problem):
        yield f"the error raised at {name}", "".join(traceback.format_exception(answer))
    yield f"the message of {name}", f"{answer} {answer!r}"


def _of_connector(bench: Bench) -> Iterator[tuple[str, str]]:
    yield "the repr of the connector", f"{bench.connector!r} {bench.connector}"
    yield "the repr of its settings", f"{bench.connector.config!r} {bench.connector.config}"
    yield "the log", "\n".join(bench.logs)


@check_over_http("auth", *READS)
def no_secret_in_an_address(example: Example) -> Flaws:
    """Secrets travel in headers or bodies: addresses end up in the logs of every machine on the way."""
    secrets = canaries(example)
    with opened(example) as bench:
        bench.ask()
        sent = [*bench.source.requests, *bench.source.token_requests]
    for one in sent:
        if shown(one.url, secrets):
            yield Flaw(
                f"a secret stands in the address of {one.method} {one.path}",
                'send it as a header: auth = Bearer("the_setting") or Header("X-Api-Key", "the_setting")',
            )
            return
