import pytest
from pydantic import ValidationError

from okrsync import Problem, Reason
from okrsync.connect.answers.paging import Page, Paginate, Request, looks_paged, pages, refuse_first_of_many

SEARCH = Request("POST", "/search", {"limit": 2}, {"filter": {"stage": "won"}})


class Shelf:
    """A source of ten rows, two to a page, that remembers what it was asked."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    def __call__(self, request):
        self.asked.append(request)
        return self.answer(request)

    def rows(self, paginate, request=SEARCH):
        found = pages(self, request, Paginate.model_validate(paginate), lambda body: body["rows"])
        return [row for page in found for row in page]


def two_from(start):
    return list(range(start, min(start + 2, 10)))


def by_cursor(request):
    start = int(request.json.get("page", {}).get("after", 0))
    following = {"after": start + 2} if start < 8 else None
    return Page({"rows": two_from(start), "next": following})


def by_offset(request):
    return Page({"rows": two_from(request.params["skip"])})


def by_page(request):
    return Page({"rows": two_from((request.params["page"] - 1) * 2), "more": request.params["page"] < 5})


def start_in(request):
    return int(request.path.partition("from=")[2] or 0)


def by_url(request):
    start = start_in(request)
    return Page(
        {"rows": two_from(start), "next": f"?from={start + 2}" if start < 8 else ""},
        absolute="https://a.test/search{}".format,
    )


def by_link(request):
    start = start_in(request)
    return Page({"rows": two_from(start)}, next_link=f"https://a.test/search?from={start + 2}" if start < 8 else None)


@pytest.mark.parametrize(
    ("source", "paginate", "requests"),
    [
        pytest.param(by_cursor, {"cursor": "next.after", "into": "json.page.after"}, 5, id="cursor"),
        pytest.param(by_offset, {"offset": "params.skip"}, 6, id="offset, until a page is empty"),
        pytest.param(by_page, {"page": "params.page"}, 6, id="page, until a page is empty"),
        pytest.param(by_page, {"page": "params.page", "more": "more"}, 5, id="page, as long as the reply says so"),
        pytest.param(by_url, {"next": "next"}, 5, id="address in the body, read as a browser would"),
        pytest.param(by_link, {"link": "header"}, 5, id="Link header"),
    ],
)
def test_every_page_is_asked_for_once(source, paginate, requests):
    shelf = Shelf(source)

    assert shelf.rows(paginate) == list(range(10))
    assert len(shelf.asked) == requests


def test_a_cursor_is_put_beside_what_was_asked_before():
    shelf = Shelf(by_cursor)

    shelf.rows({"cursor": "next.after", "into": "json.page.after"})

    assert shelf.asked[-1].json == {"filter": {"stage": "won"}, "page": {"after": 8}}
    assert shelf.asked[-1].params == {"limit": 2}


def test_the_first_page_is_enough_where_that_is_said():
    shelf = Shelf(by_cursor)

    assert shelf.rows("none") == [0, 1]


@pytest.mark.parametrize(
    ("body", "paginate"),
    [
        pytest.param(lambda n: {"rows": [n], "next": "same"}, {"cursor": "next", "into": "json.after"}, id="cursor"),
        pytest.param(lambda n: {"rows": [n], "next": f"/{n % 2}"}, {"next": "next"}, id="two that lead to each other"),
        pytest.param(lambda n: {"rows": [1, 2]}, {"offset": "params.skip"}, id="an offset that is ignored"),
        pytest.param(lambda n: {"rows": [1, 2]}, {"page": "params.page"}, id="a page number that is ignored"),
    ],
)
def test_pages_that_never_end_are_a_bad_response(body, paginate):
    shelf = Shelf(lambda _: Page(body(len(shelf.asked))))

    with pytest.raises(Problem) as caught:
        shelf.rows(paginate)

    assert caught.value.reason is Reason.BAD_RESPONSE
    assert len(shelf.asked) <= 4


def test_more_pages_than_agreed_are_a_problem_and_no_total():
    shelf = Shelf(by_offset)

    with pytest.raises(Problem, match="more than 3 pages") as caught:
        shelf.rows({"offset": "params.skip", "max_pages": 3})

    assert caught.value.reason is Reason.QUERY
    assert len(shelf.asked) == 3


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(Page({"paging": {"next": {"after": "2"}}}), id="HubSpot"),
        pytest.param(Page({"nextPageToken": "abc"}), id="Google"),
        pytest.param(Page({"@odata.nextLink": "https://a.test"}), id="Microsoft"),
        pytest.param(Page({"has_more": True}), id="Stripe"),
        pytest.param(Page({"next": "https://a.test/?page=2", "count": 9}), id="Django"),
        pytest.param(Page({"nextRecordsUrl": "/query/01g-2"}), id="Salesforce"),
        pytest.param(Page({"total": 9}), id="a total above the rows that are there"),
        pytest.param(Page([1, 2], next_link="https://a.test"), id="GitHub"),
    ],
)
def test_a_first_page_is_not_taken_for_all(page):
    with pytest.raises(Problem, match="looks paged") as caught:
        refuse_first_of_many(page, [1, 2])

    assert caught.value.reason is Reason.QUERY
    assert "paginate" in caught.value.hint


@pytest.mark.parametrize(
    "body",
    [
        {"total": 2, "next": None, "has_more": False, "paging": {"next": ""}},
        {"totals": 9, "nextSteps": "call"},
        {"next": False},
        [1, 2],
        None,
    ],
)
def test_a_whole_reply_is(body):
    assert looks_paged(Page(body), [1, 2]) is None


@pytest.mark.parametrize(
    "paginate",
    [
        {},
        {"cursor": "a"},
        {"into": "json.a", "page": "params.page"},
        {"page": "params.page", "offset": "params.skip"},
        {"page": "header.page"},
        {"page": "params.page", "max_pages": 0},
        {"curser": "a"},
        "all",
    ],
)
def test_a_way_of_paging_that_is_none_is_refused(paginate):
    with pytest.raises(ValidationError):
        Paginate.model_validate(paginate)
