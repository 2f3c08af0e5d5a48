"""The whole trail of a lead, under every way in which an account may page."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.api import whole_trail as module
from etl.api.asking import NotOfferedError
from etl.api.fetching import fetched_of_lead
from etl.api.whole_trail import AccountPages, whole_trail
from etl.records import ApiAnswer, ApiRequest

CONVENTIONS = (
    "page from 0",
    "page from 1",
    "page from 1 only",
    "page from 1, refuses 0",
    "row",
    "index only",
    "all at once",
)
COUNTS = ("of all", "of the page")
CAPS = (1000, 7, 4)


@dataclass
class Account:
    """A LeadSquared that shows `rows` in one of the conventions. cap: rows to a page; over it, cut or refused."""

    convention: str
    counts: str = "of all"
    cap: int = 1000
    refuses: bool = False
    ties: bool = False
    rows: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    def read(self, request: ApiRequest) -> ApiAnswer | None:
        self.asked += 1
        paging = json.loads(request.body)["Paging"]
        listed = self._listed(paging)
        if listed is None:
            return None
        count = len(self.rows) if self.counts == "of all" else len(listed)
        return ApiAnswer(200, {}, json.dumps({"RecordCount": count, "ProspectActivities": listed}).encode())

    def _listed(self, paging: dict[str, Any]) -> list[dict[str, Any]] | None:
        rows = list(self.rows)
        if self.ties and len(rows) > 2:  # neighbours have the same time
            at = self.dice.randrange(len(rows) - 1)
            rows[at], rows[at + 1] = rows[at + 1], rows[at]
        if self.convention == "all at once":
            return rows
        if self.convention == "index only" and "PageIndex" not in paging:
            return rows[: min(25, self.cap)]
        size = int(paging.get("RowCount", paging.get("PageSize", 25)))
        if size > self.cap and self.refuses:
            return None
        size = min(size, self.cap)
        start = self._start(paging, size)
        return None if start is None else rows[start : start + size]

    def _start(self, paging: dict[str, Any], size: int) -> int | None:
        if "PageIndex" in paging:
            if self.convention != "index only":
                return 0  # this form means nothing here
            return None if paging["PageIndex"] < 1 else (paging["PageIndex"] - 1) * size
        offset = int(paging["Offset"])
        match self.convention:
            case "page from 0":
                return offset * size
            case "page from 1":
                return max(0, offset - 1) * size
            case "page from 1 only":
                return (offset - 1) * size if offset else len(self.rows)
            case "page from 1, refuses 0":
                return (offset - 1) * size if offset else None
            case _:
                return offset


def rows(count: int) -> list[dict[str, Any]]:
    return [{"Id": f"a-{number}", "EventCode": 320, "CreatedOn": "2026-03-01 10:00:00"} for number in range(count)]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of 7 rows, else 4: a trail of some twenty rows is what one of thousands is at LeadSquared."""
    monkeypatch.setattr(module, "PAGE_SIZES", (7, 4))


@pytest.mark.parametrize(("convention", "counts", "cap"), [*product(CONVENTIONS, COUNTS, CAPS)])
@pytest.mark.parametrize("refuses", [False, True], ids=["cuts", "refuses"])
def test_every_row_of_every_lead_is_read(convention: str, counts: str, cap: int, refuses: bool) -> None:
    """Under each convention, count and size of pages, whatever earlier leads have taught, no row is left out."""
    pages = AccountPages()
    sizes = [0, 1, 3, 4, 5, 7, 8, 13, 14, 15, 28, 30, 2, 7, 4, 0, 29]
    for size in sizes:
        account = Account(convention, counts, cap, refuses, rows=rows(size))

        trail = whole_trail(account.read, "lead", None, pages)

        assert (len(trail.rows), trail.missing) == (size, 0), size


@given(st.sampled_from(CONVENTIONS), st.integers(0, 40), st.sampled_from((7, 4)), st.integers(0, 9))
def test_rows_that_change_places_are_read_too(convention: str, size: int, cap: int, seed: int) -> None:
    """Neighbours that are equal in what they are sorted by may swap between two pages; none is lost where all are counted."""
    pages = AccountPages()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PAGE_SIZES", (7, 4))
        account = Account(convention, cap=cap, ties=True, rows=rows(size), dice=random.Random(seed))

        trail = whole_trail(account.read, "lead", None, pages)

    assert (len(trail.rows), trail.missing) == (size, 0)


def test_rows_that_change_places_do_not_hide_the_pages_behind() -> None:
    """Page 0 and 1 are the same one in another order: that does not pass for counting rows, by which all others are missed."""
    trail = whole_trail(
        _shuffling([range(7), [0, 1, 2, 3, 4, 5, 7], [6, *range(8, 14)], range(14, 20)]), "lead", None, AccountPages()
    )

    assert (len(trail.rows), trail.missing) == (20, 0)


def test_counts_of_two_forms_are_not_mixed() -> None:
    """The other form is ignored and shows a larger page: its count says nothing of pages that are smaller and overlap."""
    read = _shuffling([range(4), range(3, 7), range(7, 10)])

    def in_both_forms(request: ApiRequest) -> ApiAnswer:
        if "Offset" in json.loads(request.body)["Paging"]:
            return read(request)
        return ApiAnswer(200, {}, json.dumps({"RecordCount": 6, "ProspectActivities": rows(6)}).encode())

    assert whole_trail(in_both_forms, "lead", None, AccountPages()).missing == 1


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param([range(7), range(6, 13), range(13, 15)], id="on full pages"),
        pytest.param([range(7), [6]], id="alone on the last page"),
        pytest.param([range(7), range(7), [6]], id="where pages count from 1"),
        pytest.param([[], range(7), [6]], id="where 0 shows nothing"),
        pytest.param([range(7), [0, 1, 2, 3, 4, 5, 7], range(8, 15), [14]], id="behind a leap that was a mistake"),
    ],
)
def test_a_trail_that_never_holds_still_is_not_called_whole(pages: list[Any]) -> None:
    """A row stands on two pages in every reading, so another one may be on none, and no count says otherwise."""
    trail = whole_trail(_shuffling(pages), "lead", None, AccountPages())

    assert trail.missing == 1


def _shuffling(pages: list[Any]) -> Callable[[ApiRequest], ApiAnswer]:
    """Shows these rows by position, and counts the rows of a page."""
    told = rows(20)

    def read(request: ApiRequest) -> ApiAnswer:
        position = int(json.loads(request.body)["Paging"].get("Offset", 0))
        listed = [told[at] for at in pages[position]] if position < len(pages) else []
        return ApiAnswer(200, {}, json.dumps({"RecordCount": len(listed), "ProspectActivities": listed}).encode())

    return read


def test_a_short_page_saves_the_question_for_the_next_one() -> None:
    """Where the account has shown a fuller page, one with fewer rows cannot have been cut: one request is enough."""
    pages = AccountPages()
    first, second = Account("page from 0", rows=rows(6)), Account("page from 0", rows=rows(5))

    whole_trail(first.read, "lead", None, pages)
    whole_trail(second.read, "lead", None, pages)

    assert (first.asked, second.asked) == (2, 1)


def test_a_count_that_is_never_reached_is_told() -> None:
    """LeadSquared counts two rows more than it ever shows: what came stands, and what is missing is said."""
    account = Account("page from 0", rows=rows(5))

    def counting_more(request: ApiRequest) -> ApiAnswer | None:
        answer = account.read(request)
        assert answer is not None
        document = json.loads(answer.body) | {"RecordCount": 7}
        return ApiAnswer(200, {}, json.dumps(document).encode())

    trail = whole_trail(counting_more, "lead", None, AccountPages())

    assert (len(trail.rows), trail.missing) == (5, 2)


def test_a_read_that_is_refused_is_not_an_empty_trail() -> None:
    """Refused in both forms and every size: NotOfferedError, and None for who asks for lines."""
    with pytest.raises(NotOfferedError):
        whole_trail(lambda _: None, "lead", None, AccountPages())

    assert fetched_of_lead(lambda _: None, "lead", None, AccountPages()) is None


def test_a_first_page_that_is_refused_once_is_asked_for_again() -> None:
    """Page 0 is refused by chance and page 1 is empty: the lead does not pass for one without activities."""
    account, refusals = Account("page from 0", "of the page", rows=rows(5)), [True]

    def refusing_once(request: ApiRequest) -> ApiAnswer | None:
        return None if refusals and refusals.pop() else account.read(request)

    assert len(whole_trail(refusing_once, "lead", None, AccountPages()).rows) == 5
