"""A secret that was learnt is shown nowhere, in no form that libraries give it."""

from __future__ import annotations

import base64
import io
import json
import logging
import threading
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync import redaction
from okrsync.redaction import RedactingFilter, install, learn, redact, redacted, shown_url

SECRET = 'p@ss/w"örd +1'


@pytest.fixture(autouse=True)
def nothing_learnt():
    redaction.forget_all()
    yield
    redaction.forget_all()


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(SECRET, id="as it is"),
        pytest.param(quote(SECRET), id="in a path"),
        pytest.param(quote_plus(SECRET), id="in a query"),
        pytest.param(json.dumps(SECRET), id="in JSON"),
        pytest.param(json.dumps(SECRET, ensure_ascii=False), id="in readable JSON"),
        pytest.param(repr({"x": SECRET}), id="in a repr"),
        pytest.param(base64.b64encode(SECRET.encode()).decode(), id="in base64"),
        pytest.param(base64.urlsafe_b64encode(SECRET.encode()).decode(), id="in base64 for URLs"),
    ],
)
def test_every_form_is_hidden(form):
    learn(SECRET)

    assert form not in redact(f"before {form} after")
    assert "********" in redact(f"before {form} after")


@given(user=st.text(alphabet="abcdefgh", max_size=9), secret=st.text(alphabet="ABCDEF0123456789", min_size=12))
def test_the_password_in_a_basic_header_is_hidden_whoever_the_user_is(user, secret):
    redaction.forget_all()
    learn(secret)
    header = base64.b64encode(f"{user}:{secret}".encode()).decode()

    left = redact(header).replace("********", "")

    assert len(left) <= len(header) - (len(secret) * 4 // 3 - 4)


def test_the_longest_secret_goes_first():
    learn("token")
    learn("token-of-the-crm")

    assert redact("my token-of-the-crm") == "my ********"


def test_too_short_a_secret_does_not_take_words_apart():
    learn("abc")

    assert redact("abcdef") == "abcdef"


def test_structures_are_cleaned_throughout():
    learn("s3cret-token")

    assert redacted({"a": ["x s3cret-token", 1], "s3cret-token": ("b", None)}) == {
        "a": ["x ********", 1],
        "********": ("b", None),
    }


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:pw@api.acme.test/v1?q=1#top", "https://api.acme.test/v1?q=1"),
        ("https://api.acme.test/v1?api_key=abc&page=2", "https://api.acme.test/v1?api_key=********&page=2"),
        ("https://api.acme.test/v1?access_token=abc", "https://api.acme.test/v1?access_token=********"),
        ("https://api.acme.test/s3cret-token/x", "https://api.acme.test/********/x"),
        ("https://[::1", "(an address that cannot be read)"),
    ],
)
def test_addresses_are_shown_without_what_is_secret(url, shown):
    learn("s3cret-token")

    assert shown_url(url) == shown


class TestLogging:
    @pytest.fixture
    def log(self):
        """A logger that writes to text, as a library with a handler of its own would."""
        before = logging.getLogRecordFactory()
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        logger = logging.getLogger("a library")
        logger.propagate = False
        logger.addHandler(handler)
        yield logger, handler, stream
        logger.removeHandler(handler)
        logging.setLogRecordFactory(before)

    def test_messages_arguments_and_tracebacks_are_cleaned(self, log):
        logger, _, stream = log
        install()
        learn("s3cret-token")

        logger.warning("sent %s with %r", "s3cret-token", {"a": "s3cret-token"})
        try:
            int("s3cret-token")
        except ValueError:
            logger.exception("failed")

        assert "s3cret" not in stream.getvalue()
        assert "base 10: '********'" in stream.getvalue()

    def test_what_was_added_to_a_record_is_cleaned_by_the_filter(self, log):
        logger, handler, stream = log
        handler.setFormatter(logging.Formatter("%(message)s %(url)s"))
        handler.addFilter(RedactingFilter())
        learn("s3cret-token")

        logger.warning("asked", extra={"url": "https://x.test/?k=s3cret-token"})

        assert stream.getvalue() == "asked https://x.test/?k=********\n"

    def test_a_record_that_holds_no_secret_is_left_as_it_is(self, log):
        logger, handler, _ = log
        install()
        learn("s3cret-token")
        records = []
        handler.addFilter(lambda record: records.append(record) or True)

        logger.warning("value %d", 5)

        assert records[0].msg == "value %d"
        assert records[0].args == (5,)

    def test_a_wrong_log_call_is_no_way_around(self, log):
        logger, _, stream = log
        install()
        learn("s3cret-token")

        logger.warning("%d", "s3cret-token")

        assert "s3cret" not in stream.getvalue()


def test_threads_may_learn_at_once():
    secrets = [f"secret-number-{n}-x" for n in range(60)]
    threads = [threading.Thread(target=learn, args=(secret,)) for secret in secrets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert redact(" ".join(secrets)) == " ".join(["********"] * 60)
