"""What the client makes of a source's replies."""

from __future__ import annotations

import logging
import pickle
import threading
import traceback
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from responses import matchers

from okrsync import Auth, Basic, Bearer, Config, Header, Limits, Problem, Reason
from okrsync.connect.transport.http import HttpClient, Patience, Reply, Transient
from okrsync.redaction import redact

BASE = "https://api.acme.test/v1"
URL = f"{BASE}/kpi"
SECRET = "s3cret/t0ken+"


class Account(Config):
    token: SecretStr = SecretStr(SECRET)
    user: str = "okr"
    password: SecretStr = SecretStr("pa:ss wörd")


def client(**settings: Any) -> HttpClient:
    return HttpClient(
        **{"connection": "crm", "base_url": BASE, "config": Account(), "auth": Bearer("token"), **settings}
    )


def problem_of(http: HttpClient, path: str = "/kpi") -> Problem:
    with pytest.raises(Problem) as caught:
        http.get(path)
    return caught.value


class TestAsking:
    def test_reads_json_with_exact_numbers(self, source):
        source.get(URL, body=b'{"total": 0.10, "big": 9007199254740993}')

        answer = client().get("/kpi")

        assert answer == {"total": Decimal("0.10"), "big": 9007199254740993}

    def test_a_question_may_be_posted(self, source):
        source.post(URL, json={"n": 1}, match=[matchers.json_params_matcher({"stage": "won"})])

        assert client().post("/kpi", json={"stage": "won"}) == {"n": 1}

    def test_parameters_and_headers_reach_the_source(self, source):
        source.get(
            URL,
            json=1,
            match=[matchers.query_param_matcher({"a": "1"}), matchers.header_matcher({"X-Version": "2", "X-All": "y"})],
        )

        assert client(headers={"X-All": "y"}).get("kpi", params={"a": 1}, headers={"X-Version": "2"}) == 1

    def test_a_next_link_on_the_same_host_is_followed(self, source):
        source.get(URL, json=[], headers={"Link": '</v1/kpi?page=2>; rel="next"'})
        source.get(f"{URL}?page=2", json=[2])
        http = client()

        first = http.json_reply("GET", "/kpi")

        assert first.next_link == f"{URL}?page=2"
        assert http.get(first.next_link) == [2]

    @pytest.mark.parametrize(
        "path",
        [
            "https://evil.test/kpi",
            "http://api.acme.test/kpi",
            "https://api.acme.test:8443/kpi",
            "https://api.acme.test@evil.test/kpi",
            "https://api.acme.test\\@evil.test/kpi",
            "https://u:p@api.acme.test/kpi",
            "//evil.test/kpi",
            "file:///etc/passwd",
        ],
    )
    def test_another_host_is_never_asked(self, source, path):
        problem = problem_of(client(), path)

        assert problem.reason is Reason.CONFIG

    @pytest.mark.parametrize(
        "base", ["", "api.acme.test", "ftp://api.acme.test", "https://u:p@api.acme.test", "https:"]
    )
    def test_a_base_url_that_is_none_is_a_wrong_setting(self, source, base):
        problem = problem_of(client(base_url=base))

        assert problem.reason is Reason.CONFIG
        assert problem.message.startswith("crm: ")

    def test_only_reads_are_sent(self, source):
        with pytest.raises(Problem, match="only reads"):
            client().request("DELETE", "/kpi")  # type: ignore[arg-type]

    def test_making_a_client_does_nothing_yet(self, source):
        client(base_url="https://nowhere.invalid")

        assert len(source.calls) == 0


class TestCredentials:
    @pytest.mark.parametrize(
        ("auth", "header"),
        [
            (Bearer("token"), {"Authorization": f"Bearer {SECRET}"}),
            (Header("X-Api-Key", "token"), {"X-Api-Key": SECRET}),
            (Header("Authorization", "token", prefix="Token "), {"Authorization": f"Token {SECRET}"}),
            (Basic("user", "password"), {"Authorization": "Basic b2tyOnBhOnNzIHfDtnJk"}),
        ],
    )
    def test_travel_in_a_header(self, source, auth, header):
        source.get(URL, json=1, match=[matchers.header_matcher(header)])

        client(auth=auth).get("/kpi")

        assert "s3cret" not in source.calls[0].request.url

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_refusal_is_not_tried_twice_and_names_the_way_out(self, source, waits, status):
        source.get(URL, status=status)

        problem = problem_of(client(secret_names={"token": "CRM_TOKEN"}))

        assert problem.reason is Reason.AUTH
        assert problem.message.startswith("crm: api.acme.test ")
        assert "CRM_TOKEN" in problem.hint
        assert "okrsync check crm" in problem.hint
        source.assert_call_count(URL, 1)

    @pytest.mark.parametrize("token", ["", "  \n", "two\nlines", "schlüssel"])
    def test_that_cannot_be_sent_name_their_setting_and_not_their_value(self, source, token):
        problem = problem_of(client(config=Account(token=SecretStr(token))))

        assert problem.reason is Reason.CONFIG
        assert "token" in problem.message
        assert "schl" not in str(problem)

    def test_a_line_break_at_the_end_of_a_secret_file_does_no_harm(self, source):
        source.get(URL, json=1, match=[matchers.header_matcher({"Authorization": "Bearer abcdef"})])

        client(config=Account(token=SecretStr("abcdef\n"))).get("/kpi")

    def test_a_token_is_renewed_once(self, source):
        class Renewing(Auth):
            secret_fields = ("token",)
            tokens = ("old", "new")
            renewed = 0

            def headers(self, config):
                return {"Authorization": self.tokens[min(self.renewed, 1)]}

            def refresh(self, config, refused):
                self.renewed += 1
                return True

        source.get(URL, status=401, match=[matchers.header_matcher({"Authorization": "old"})])
        source.get(URL, json=1, match=[matchers.header_matcher({"Authorization": "new"})])
        auth = Renewing()

        assert client(auth=auth).get("/kpi") == 1

        assert auth.renewed == 1

    def test_a_token_that_stays_refused_is_not_renewed_for_ever(self, source):
        class Hopeful(Bearer):
            def refresh(self, config, refused):
                return True

        source.get(URL, status=401)

        assert problem_of(client(auth=Hopeful("token"))).reason is Reason.AUTH
        source.assert_call_count(URL, 2)

    def test_are_hidden_everywhere_once_they_were_used(self, source):
        source.get(URL, json=1)

        client().get("/kpi")

        assert redact(f"key={SECRET}") == "key=********"


class TestStatuses:
    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            (400, Reason.QUERY),
            (402, Reason.CONFIG),
            (404, Reason.QUERY),
            (405, Reason.QUERY),
            (410, Reason.QUERY),
            (422, Reason.QUERY),
            (304, Reason.BAD_RESPONSE),
        ],
    )
    def test_that_stay_are_asked_once(self, source, status, reason):
        source.get(URL, status=status, json={"error": "no"})

        problem = problem_of(client())

        assert problem.reason is reason
        assert str(status) in problem.message
        source.assert_call_count(URL, 1)

    @pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504, 520])
    def test_that_pass_are_asked_again_a_bounded_number_of_times(self, source, waits, status):
        source.get(URL, status=status)

        problem = problem_of(client(patience=Patience(attempts=3)))

        assert problem.reason is Reason.UNREACHABLE
        assert f"HTTP {status}, asked 3 times" in problem.message
        source.assert_call_count(URL, 3)
        assert len(waits) == 2

    def test_a_storm_on_many_questions_costs_a_bounded_number_of_requests(self, source, waits):
        source.get(URL, status=503)
        http = client(patience=Patience(attempts=4, retries=10))

        for _ in range(30):
            problem_of(http)

        assert len(source.calls) == 40

    def test_the_waits_stay_within_the_time_of_the_whole_call(self, source, waits):
        source.get(URL, status=503, headers={"Retry-After": "15"})

        problem = problem_of(client(patience=Patience(total=40, attempts=10)))

        assert waits == [15.0, 15.0]
        assert problem.retry_at is not None

    def test_a_broken_source_is_asked_again_whenever_its_rate_limit_starts_anew(self, source, waits):
        source.get(URL, status=503, headers={"X-RateLimit-Remaining": "4999", "X-RateLimit-Reset": "2400"})
        source.get(URL, json=1)

        assert client().get("/kpi") == 1

    @pytest.mark.parametrize("status", [408, 503])
    def test_a_broken_source_that_says_how_long_is_heeded(self, source, waits, status):
        source.get(URL, status=status, headers={"Retry-After": "7", "X-RateLimit-Reset": "2400"})
        source.get(URL, json=1)

        assert client().get("/kpi") == 1

        assert waits == [7.0]


class TestQuota:
    @pytest.mark.parametrize(
        ("headers", "wait"),
        [
            pytest.param({"Retry-After": "12"}, 12.0, id="seconds"),
            pytest.param({"Retry-After": "2.5"}, 2.5, id="a fraction"),
            pytest.param({"Retry-After": "Sat, 21 Nov 2026 12:00:09 GMT"}, 9.0, id="a date"),
            pytest.param(
                {"Retry-After": "Sat, 21 Nov 2026 15:00:09 GMT", "Date": "Sat, 21 Nov 2026 15:00:00 GMT"},
                9.0,
                id="a date by a clock three hours off",
            ),
            pytest.param({"X-RateLimit-Reset": "7"}, 7.0, id="reset in seconds"),
            pytest.param(
                {"X-RateLimit-Reset": str(int(datetime(2026, 11, 21, 12, 0, 11, tzinfo=UTC).timestamp()))},
                11.0,
                id="reset since 1970",
            ),
            pytest.param({"Retry-After": "3", "X-RateLimit-Reset": "19"}, 3.0, id="both"),
        ],
    )
    def test_waits_as_long_as_the_source_asks(self, source, waits, headers, wait):
        source.get(URL, status=429, headers=headers)
        source.get(URL, json=1)

        assert client().get("/kpi") == 1

        assert waits == [wait]

    @pytest.mark.parametrize("stated", [None, "soon", "-5", "", "1e3", "99999999999", "١٢"])
    def test_without_a_usable_time_it_backs_off_with_a_cap(self, source, waits, stated):
        headers = {} if stated is None else {"Retry-After": stated.encode().decode("latin-1")}
        source.get(URL, status=429, headers=headers)

        problem = problem_of(client(patience=Patience(attempts=3, longest_wait=8)))

        assert problem.reason is Reason.RATE_LIMITED
        assert problem.retry_at is None
        assert len(waits) == 2
        assert all(0 <= wait <= 8 for wait in waits)

    def test_a_wait_beyond_the_longest_one_is_left_to_a_later_run(self, source, waits):
        source.get(URL, status=429, headers={"Retry-After": "30"})

        problem = problem_of(client(patience=Patience(total=600, longest_wait=20)))

        assert waits == []
        assert problem.retry_at == waits.now() + timedelta(seconds=30)

    @pytest.mark.parametrize("stated", ["86400", "Sun, 22 Nov 2026 12:00:00 GMT"])
    def test_a_day_is_not_slept_but_said(self, source, waits, stated):
        source.get(URL, status=429, headers={"Retry-After": stated})

        problem = problem_of(client())

        assert problem.reason is Reason.RATE_LIMITED
        assert problem.retry_at == datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
        assert waits == []
        source.assert_call_count(URL, 1)

    @pytest.mark.parametrize(
        "reply",
        [
            pytest.param({"headers": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "3600"}}, id="by its header"),
            pytest.param({"json": [{"errorCode": "REQUEST_LIMIT_EXCEEDED"}]}, id="by its code"),
            pytest.param({"json": {"error": {"errors": [{"reason": "rateLimitExceeded"}]}}}, id="by its reason"),
        ],
    )
    def test_a_403_that_means_quota_is_no_matter_of_credentials(self, source, waits, reply):
        source.get(URL, status=403, **reply)

        problem = problem_of(client())

        assert problem.reason is Reason.RATE_LIMITED
        source.assert_call_count(URL, 1)

    @pytest.mark.parametrize("status", [403, 429])
    def test_a_limit_says_what_can_be_done_about_it(self, source, waits, status):
        source.get(URL, status=status, headers={"Retry-After": "3600"})

        problem = problem_of(client())

        assert problem.reason is Reason.RATE_LIMITED
        assert "less often" in problem.hint

    def test_a_403_about_rights_stays_one_about_rights(self, source):
        source.get(URL, status=403, json={"message": "missing scope: reports.limited"})

        assert problem_of(client()).reason is Reason.AUTH

    def test_a_connector_knows_the_words_of_its_source(self, source, waits):
        def daily(reply: Reply) -> Problem | None:
            if reply.status == 429 and reply.json().get("policyName") == "DAILY":
                return Problem(Reason.RATE_LIMITED, "the day's quota is used up", retry_at=tomorrow)
            return None

        tomorrow = datetime(2026, 11, 22, tzinfo=UTC)
        source.get(URL, status=429, json={"policyName": "DAILY"})

        problem = problem_of(client(classify=daily))

        assert problem == Problem(Reason.RATE_LIMITED, "crm: the day's quota is used up", retry_at=tomorrow)
        assert waits == []

    @pytest.mark.parametrize("reason", [Reason.RATE_LIMITED, Reason.UNREACHABLE, Reason.TIMEOUT])
    def test_a_connector_may_say_until_when(self, source, waits, reason):
        soon = waits.now() + timedelta(seconds=9)
        source.get(URL, status=500)
        source.get(URL, json=1)

        answer = client(
            classify=lambda reply: Problem(reason, "closed", retry_at=soon) if reply.status == 500 else None
        ).get("/kpi")

        assert answer == 1
        assert waits == [9.0]

    def test_what_a_connector_says_to_be_closed_until_tomorrow_is_left_to_a_later_run(self, source, waits):
        tomorrow = waits.now() + timedelta(days=1)
        source.get(URL, status=500)

        problem = problem_of(client(classify=lambda _: Problem(Reason.UNREACHABLE, "closed", retry_at=tomorrow)))

        assert problem == Problem(Reason.UNREACHABLE, "crm: closed", retry_at=tomorrow)
        assert waits == []

    @pytest.mark.parametrize(
        ("headers", "wait"),
        [
            pytest.param({}, 1.0, id="the connector's word alone"),
            pytest.param({"Retry-After": "soon"}, 1.0, id="rubbish"),
            pytest.param({"Retry-After": "0.2"}, 1.0, id="less than the connector knows"),
            pytest.param({"Retry-After": "3"}, 3.0, id="more than the connector knows"),
        ],
    )
    def test_a_connector_may_say_how_long_without_a_clock(self, source, waits, headers, wait):
        source.get(URL, status=429, headers=headers)
        source.get(URL, json=1)
        limited = Problem(Reason.RATE_LIMITED, "too fast")

        answer = client(classify=lambda reply: Transient(limited, 1.0) if reply.status == 429 else None).get("/kpi")

        assert answer == 1
        assert waits == [wait]

    def test_a_limit_in_a_connectors_words_is_waited_for_as_long_as_the_source_asks(self, source, waits):
        source.get(URL, status=403, headers={"Retry-After": "6"})
        source.get(URL, json=1)
        abuse = Problem(Reason.RATE_LIMITED, "abuse detection")

        assert client(classify=lambda reply: abuse if reply.status == 403 else None).get("/kpi") == 1

        assert waits == [6.0]

    def test_what_a_connector_says_to_be_transient_ends_as_its_problem(self, source, waits):
        limited = Problem(Reason.RATE_LIMITED, "too fast", "go slower")
        source.get(URL, status=429, headers={"Retry-After": "3600"})

        problem = problem_of(client(classify=lambda _: Transient(limited, 1.0)))

        assert problem == Problem(Reason.RATE_LIMITED, "crm: too fast", "go slower", waits.now() + timedelta(hours=1))
        assert waits == []

    def test_what_a_connector_says_to_be_transient_is_asked_as_often_as_it_says(self, source, waits):
        source.get(URL, status=500)

        problem_of(client(classify=lambda _: Transient(Problem(Reason.UNREACHABLE, "down"), 1.0, attempts=2)))

        assert waits == [1.0]

    def test_a_success_that_is_none_is_seen_by_the_connector_too(self, source):
        source.get(URL, json={"error": "no such site", "value": 0})

        def failed(reply: Reply) -> Problem | None:
            return Problem(Reason.QUERY, "no such site") if "error" in reply.json() else None

        assert problem_of(client(classify=failed)).reason is Reason.QUERY


class TestBodies:
    @pytest.mark.parametrize(
        ("body", "words"),
        [
            pytest.param(b"", "empty", id="empty"),
            pytest.param(b" \r\n", "empty", id="blank"),
            pytest.param(b'{"value": 1', "not JSON", id="cut off"),
            pytest.param(b"OK", "not JSON", id="text"),
            pytest.param(b'{"value": 1, "value": 2}', "'value' is there twice", id="a key twice"),
            pytest.param(b"[" * 100_000, "too deep", id="nested"),
            pytest.param(b"[" * 200 + b"]" * 200, "too deep", id="nested and closed"),
            pytest.param(b'"\\ud800"', "half a character", id="half a character"),
            pytest.param(b'{"a": "\xff"}', "not JSON", id="not UTF-8"),
            pytest.param(b"<html><body>Maintenance</body></html>", "HTML page", id="a web page"),
        ],
    )
    def test_that_are_no_answer_are_bad_responses_and_quoted_nowhere(self, source, waits, body, words):
        source.get(URL, body=body)

        problem = problem_of(client())

        assert problem.reason is Reason.BAD_RESPONSE
        assert words in problem.message
        assert "Maintenance" not in str(problem)
        source.assert_call_count(URL, 2)

    def test_a_spoilt_body_is_asked_for_once_more_where_headers_are_wanted_too(self, source, waits):
        source.get(URL, body=b'{"value": 1')
        source.get(URL, json={"value": 1}, headers={"X-Left": "3"})

        reply = client().json_reply("GET", "/kpi")

        assert (reply.json(), reply.headers["x-left"]) == ({"value": 1}, "3")

    def test_a_body_that_stays_spoilt_is_a_bad_response_where_headers_are_wanted_too(self, source, waits):
        source.post(URL, body=b"OK")

        with pytest.raises(Problem, match="not JSON") as caught:
            client().json_reply("POST", "/kpi", json={"n": 1})

        assert caught.value.reason is Reason.BAD_RESPONSE
        source.assert_call_count(URL, 2)

    def test_any_body_will_do_where_only_the_reply_is_wanted(self, source):
        source.get(URL, body=b"OK")

        assert client().request("GET", "/kpi").text == "OK"

    def test_no_content_is_no_answer(self, source):
        source.get(URL, status=204)

        assert "empty answer (204)" in problem_of(client()).message

    def test_a_login_page_is_a_matter_of_credentials(self, source):
        source.get(URL, body="<!DOCTYPE html><form>Sign in <input type='password'></form>", content_type="text/html")

        problem = problem_of(client())

        assert problem.reason is Reason.AUTH
        assert "login page?" in problem.message
        source.assert_call_count(URL, 1)

    def test_json_with_a_wrong_label_or_a_byte_order_mark_is_json(self, source):
        source.get(URL, body=b'\xef\xbb\xbf{"value": 1}', content_type="text/html")

        assert client().get("/kpi") == {"value": 1}

    def test_a_text_with_characters_beyond_the_base_plane_is_whole(self, source):
        source.get(URL, body=b'{"name": "\\ud83d\\ude80"}')

        assert client().get("/kpi") == {"name": "🚀"}

    def test_a_file_is_downloaded_as_it_is_but_never_a_web_page(self, source):
        source.get(f"{BASE}/plan.csv", body=b"a;b\r\n1;2\r\n")
        source.get(f"{BASE}/login.csv", body=b"<!doctype html><title>Log in</title>")
        http = client()

        assert http.download("/plan.csv") == b"a;b\r\n1;2\r\n"
        with pytest.raises(Problem) as caught:
            http.download("/login.csv")

        assert caught.value.reason is Reason.AUTH


class TestSilence:
    """No secret, body, header or query string in anything that is said."""

    @pytest.mark.parametrize(
        "reply",
        [
            pytest.param({"status": 401, "json": {"token": SECRET}}, id="echoed in a refusal"),
            pytest.param({"status": 500, "headers": {"X-Echo": SECRET}}, id="echoed in a header"),
            pytest.param({"body": requests.ConnectionError(f"/kpi?key={SECRET}")}, id="in the library's exception"),
            pytest.param({"body": f"broken {SECRET}"}, id="in a broken body"),
            pytest.param(
                {"status": 302, "headers": {"Location": f"https://evil.test/?t={SECRET}"}}, id="in a redirect"
            ),
        ],
    )
    def test_whatever_fails(self, source, caplog, reply):
        caplog.set_level(logging.DEBUG)
        source.get(URL, **reply)
        http = client()

        with pytest.raises(Problem) as caught:
            http.get("/kpi", params={"api_key": SECRET, "q": "inquiry"})

        problem = caught.value
        said = [str(problem), repr(problem), caplog.text, str(http.requests_made), "".join(_trace(problem))]
        assert not any("s3cret" in text for text in said)
        assert not any("inquiry" in text for text in (said[0], said[2]))
        assert problem.__context__ is None
        assert pickle.loads(pickle.dumps(problem)) == problem

    def test_a_reply_shows_neither_body_nor_headers_nor_address(self, source):
        source.get(URL, body=SECRET, headers={"X": SECRET})

        assert "s3cret" not in repr(client().request("GET", "/kpi", params={"k": SECRET}))


def _trace(problem: Problem) -> list[str]:
    return traceback.format_exception(type(problem), problem, None)


class TestRecord:
    def test_of_what_was_requested(self, source, waits):
        source.get(URL, status=503)
        source.get(URL, json=1)
        http = client()

        mark = http.mark()
        http.get("/kpi", params={"q": "1", "access_token": "abc"})

        shown = f"{URL}?q=1&access_token=********"
        assert [(r.method, r.url, r.status, r.attempt) for r in http.requests_since(mark)] == [
            ("GET", shown, 503, 1),
            ("GET", shown, 200, 2),
        ]
        assert http.requests_since(http.mark()) == []

    def test_of_one_thread_holds_nothing_of_another(self, source):
        source.get(URL, json=1)
        http = client()
        mark = http.mark()

        other = threading.Thread(target=http.get, args=("/kpi",))
        other.start()
        other.join()

        assert http.requests_since(mark) == []
        assert len(http.requests_made) == 1

    def test_is_bounded(self, source):
        source.get(URL, json=1)
        http = client()
        mark = http.mark()

        for _ in range(1005):
            http.get("/kpi")

        assert len(http.requests_made) == 1000
        assert len(http.requests_since(mark)) == 1000


class TestPace:
    def test_so_many_per_second(self, source, waits):
        source.get(URL, json=1)
        http = client(limits=Limits(per_second=4))

        for _ in range(5):
            http.get("/kpi")

        assert waits == [0.25] * 4

    def test_so_many_per_day_and_then_no_more(self, source, waits):
        source.get(URL, json=1)
        http = client(limits=Limits(per_day=2))
        http.get("/kpi")
        http.get("/kpi")

        problem = problem_of(http)

        assert problem.reason is Reason.RATE_LIMITED
        assert problem.retry_at == waits.now() + timedelta(days=1)
        source.assert_call_count(URL, 2)

    def test_a_date_in_any_zone_is_understood(self, source, waits):
        far = format_datetime(waits.now().astimezone(UTC) + timedelta(seconds=5), usegmt=True)
        source.get(URL, status=429, headers={"Retry-After": far})
        source.get(URL, json=1)

        client().get("/kpi")

        assert waits == [5.0]
