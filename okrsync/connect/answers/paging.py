"""A reply in several pages: how the next one is asked for, and when something about it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from okrsync.connect.answers.expressions import compiled
from okrsync.connect.answers.fields import holds
from okrsync.connect.answers.rows import Expression
from okrsync.errors import Problem, Reason

_TARGET = r"^(params|json)(\.[^.\s]+)+$"


class Paginate(BaseModel):
    """How a source hands out its rows in pages: one of `cursor`, `next`, `link`, `offset`, `page`; or `none`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    cursor: Expression | None = Field(
        None, description="Where a reply holds the cursor of the next page.", examples=["paging.next.after"]
    )
    into: str | None = Field(
        None, pattern=_TARGET, description="Where in the request the cursor goes.", examples=["json.after"]
    )
    next: Expression | None = Field(
        None, description="Where a reply holds the address of the next page.", examples=["links.next"]
    )
    link: Literal["header"] | None = Field(None, description="The next page's address is in the `Link` header.")
    offset: str | None = Field(
        None,
        pattern=_TARGET,
        description="Where in the request the number of rows to skip goes.",
        examples=["params.offset"],
    )
    page: str | None = Field(
        None, pattern=_TARGET, description="Where in the request the number of the page goes.", examples=["params.page"]
    )
    first: int = Field(1, ge=0, description="The number of the first page, for `page`.")
    first_page_only: bool = Field(
        False, description="There may be more pages, and the first is all that is wanted; `paginate: none` is the same."
    )
    more: Expression | None = Field(
        None,
        description="What in a reply says that there are more pages, where a reply says it.",
        examples=["has_more"],
    )
    max_pages: int = Field(200, ge=1, le=10_000, description="More pages than these are a problem, not a total.")

    @model_validator(mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        return {"first_page_only": True} if value == "none" else value

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [name for name in ("cursor", "next", "link", "offset", "page") if getattr(self, name) is not None]
        if len(ways) + self.first_page_only != 1:
            raise ValueError("say exactly one of `cursor`, `next`, `link`, `offset` and `page`, or `none`")
        if (self.cursor is None) != (self.into is None):
            raise ValueError("`cursor` and `into` belong together: where the cursor comes from and where it goes")
        return self


@dataclass(frozen=True)
class Request:
    """What is asked for: `path` is relative to the base URL, or an address on the same host."""

    method: Literal["GET", "POST"]
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None


@dataclass(frozen=True)
class Page:
    """One reply: its body, the address its `Link` header calls next, and how addresses in it are to be read."""

    body: Any
    next_link: str | None = None
    absolute: Callable[[str], str] = str


def pages(
    fetch: Callable[[Request], Page],
    request: Request,
    paginate: Paginate,
    rows_of: Callable[[Any], Sequence[Any]],
) -> Iterator[Sequence[Any]]:
    """Yield the rows of every page, a page at a time.

    `rows_of` finds the rows of a body. Raises `Problem`: `bad_response` when the source sends the same page or
    cursor again, `query` when there are more pages than `max_pages`.
    """
    seen: set[str] = set()
    skipped, last = 0, None
    # A cursor tells by itself when it comes again; a number that the source does not heed shows in the pages only.
    counted = paginate.offset is not None or paginate.page is not None
    for number in range(paginate.max_pages):
        asked = _at(request, paginate, skipped, number)
        page = fetch(asked)
        rows = rows_of(page.body)
        if rows and counted and page.body == last:
            raise _loop("the same page twice")
        yield rows
        skipped, last = skipped + len(rows), page.body
        following = _following(asked, paginate, page, rows)
        if following is None:
            return
        request, mark = following
        if mark in seen:
            raise _loop("the same cursor twice")
        seen.update({mark} if mark else ())
    raise Problem(
        Reason.QUERY,
        f"there are more than {paginate.max_pages} pages",
        "ask for less, let the source count, or raise `max_pages`",
    )


def looks_paged(page: Page, rows: Sequence[Any]) -> str | None:
    """Return what in a reply says that it is only the first of several pages, None if nothing does."""
    if page.next_link:
        return "its Link header names a next page"
    if not isinstance(page.body, Mapping):
        return None
    for name in _NEXT:
        value = compiled(name).search(page.body)
        if holds(value) and value is not True and value != 0:
            return f"it holds {name}"
    for name in _MORE:
        if compiled(name).search(page.body) is True:
            return f"{name} is true"
    for name in _TOTALS:
        total = compiled(name).search(page.body)
        if isinstance(total, int) and not isinstance(total, bool) and total > len(rows):
            return f"{name} is {total}, and it holds {len(rows)} rows"
    return None


def refuse_first_of_many(page: Page, rows: Sequence[Any]) -> None:
    """Raise `Problem` when a reply that is taken for the whole looks like a first page."""
    if sign := looks_paged(page, rows):
        raise Problem(
            Reason.QUERY,
            f"the reply looks paged: {sign}",
            "say how with `paginate`, or `paginate: none` if its first page is all that is wanted",
        )


_NEXT = (
    *("next", "next_page", "nextPage", "next_url", "next_cursor", "nextCursor", "nextPageToken", "next_page_token"),
    *("nextLink", '"@odata.nextLink"', "nextRecordsUrl", "offset_token", "cursor.next", "paging.next", "links.next"),
    *("_links.next", "meta.next", "meta.next_page", "meta.next_cursor", "pagination.next", "pagination.next_page"),
    *("pagination.next_cursor", "response_metadata.next_cursor", "additional_data.next_cursor"),
)
_MORE = (
    "has_more",
    "hasMore",
    "meta.has_more",
    "pagination.has_more",
    "additional_data.pagination.more_items_in_collection",
)
_TOTALS = (
    "total",
    "totalSize",
    "total_count",
    "totalCount",
    "total_results",
    "meta.total",
    "pagination.total",
    "paging.total",
)


def _at(request: Request, paginate: Paginate, skipped: int, number: int) -> Request:
    if paginate.offset:
        return _with(request, paginate.offset, skipped)
    if paginate.page:
        return _with(request, paginate.page, paginate.first + number)
    return request


def _following(asked: Request, paginate: Paginate, page: Page, rows: Sequence[Any]) -> tuple[Request, str] | None:
    """Return the request for the page after this one and what marks it, or None after the last."""
    if paginate.first_page_only or (paginate.more and not holds(compiled(paginate.more).search(page.body))):
        return None
    if paginate.offset or paginate.page:
        return (asked, "") if rows else None
    if paginate.cursor and paginate.into:
        cursor = compiled(paginate.cursor).search(page.body)
        return (_with(asked, paginate.into, cursor), str(cursor)) if holds(cursor) else None
    url = page.next_link if paginate.link else compiled(paginate.next or "@").search(page.body)
    if not holds(url):
        return None
    if not isinstance(url, str):
        raise Problem(Reason.QUERY, f"{paginate.next!r} is no address of a next page", "compare it with a reply")
    return replace(asked, path=page.absolute(url), params={}), url


def _with(request: Request, target: str, value: Any) -> Request:
    """Return `request` with `value` at `target`, such as `params.page` or `json.paging.after`."""
    part, *path = target.split(".")
    if part == "params":
        return replace(request, params={**request.params, ".".join(path): value})
    return replace(request, json=_put(request.json, path, value))


def _put(body: Any, path: Sequence[str], value: Any) -> Any:
    if not path:
        return value
    inside = body if isinstance(body, Mapping) else {}
    return {**inside, path[0]: _put(inside.get(path[0]), path[1:], value)}


def _loop(how: str) -> Problem:
    return Problem(
        Reason.BAD_RESPONSE,
        f"the source sends {how}, so its pages never end",
        "compare `paginate` with how the source hands out its pages",
    )
