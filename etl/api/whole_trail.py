"""The whole trail of a lead, of one type or of all, however its account counts pages and however large they may be.

Three things are undocumented: what `Offset` counts, what `RecordCount` counts, and how many rows a page may have. So
nothing is believed on one of them alone. A trail is whole when its pages have come to an end in a way that paging
which is ignored could not show, and no count that was told is larger than what was found; until then it is read again,
in the other form of paging too.

Rows that are equal in what they are sorted by may change places between two pages, and one that slips over a border is
missed. Then its place shows another row a second time: a trail is read until no row was shown twice, or all are there that
a count tells which is larger than any page.

One shortcut saves most of the requests: a first page with fewer rows than some other page of this account had under the
same question was not cut by any limit of pages, so nothing is behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import pairwise
from typing import TYPE_CHECKING

from etl.api.asking import NotOfferedError, ask, identifier, posting, rows_in, unusable, whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from etl.api.asking import Read, Row
    from etl.api.trail import Key

PAGE_SIZES = (1000, 100, 25)
"""Rows to ask for, the largest first. LeadSquared API: 1000 was accepted on one account; 25 come by themselves."""

_ENOUGH = 2  # pages without news: a position 0 may mean nothing at all, or the same as 1; two in a row can be neither
_READINGS = 12
_POSITIONS_OF_NOTHING = 2  # what a trail without rows answers for: positions 0 and 1


class _Form(Enum):
    """How a page is asked for."""

    OFFSET = auto()  # documented: {"Offset":"0","RowCount":"100"}
    INDEX = auto()  # seen to work, also where the other one is ignored: {"PageIndex":1,"PageSize":100}

    @property
    def other(self) -> _Form:
        return _Form.INDEX if self is _Form.OFFSET else _Form.OFFSET

    def paging(self, position: int, rows: int) -> dict[str, object]:
        if self is _Form.OFFSET:
            return {"Offset": str(position), "RowCount": str(rows)}
        return {"PageIndex": position, "PageSize": rows}


@dataclass(slots=True)
class AccountPages:
    """What reading trails has taught about an account's pages; shared by all that read at the same time.

    size: place in PAGE_SIZES of the largest size that was not refused. form: the one that was last seen to work.
    most: rows of the fullest page seen, by form and size.
    """

    size: int = 0
    form: _Form = _Form.OFFSET
    most: dict[tuple[_Form, int], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trail:
    """The rows of a lead by id and type. missing: how many more LeadSquared counts than it has shown, 0 if none.

    A trail whose rows changed places in every reading counts as one more: nobody can say that it is whole.
    """

    rows: Mapping[Key, Row]
    missing: int


def whole_trail(read: Read, lead_id: str, event: int | None, pages: AccountPages) -> Trail:
    """Every row of a lead, of one type or of all.

    Raises:  NotOfferedError — this read is not offered, or not to this user. NetworkError — an answer cannot be used;
             what `read` raises.
    Source:  LeadSquared API, Retrieve?leadId=.
    """
    found: dict[Key, Row] = {}
    counted, form, is_whole = 0, pages.form, False
    useless: set[_Form] = set()  # forms that are refused, or that nobody seems to read
    refused: set[_Form] = set()
    for _ in range(_READINGS):
        reading = _Reading(read, lead_id, event, form, pages)
        rows: Mapping[Key, Row] = {}
        try:
            rows = reading.go()
        except NotOfferedError:
            refused.add(form)
            if len(refused) == len(_Form):
                raise
        if form in refused or reading.may_be_ignored:
            useless.add(form)
        is_proof = reading.is_clean and found.keys() <= rows.keys()
        found.update(rows)
        counted = max(counted, reading.counted)
        is_whole |= form not in useless and (is_proof or reading.fullest < reading.counted <= len(found))
        if len(useless) == len(_Form) or (is_whole and len(found) >= counted):
            return Trail(found, max(0, counted - len(found)))
        form = form if form.other in useless else form.other
    return Trail(found, max(0 if is_whole else 1, counted - len(found)))


def _walk(ask: Callable[[int, bool], Mapping[Key, Row]]) -> dict[Key, Row]:
    """Every row that `ask(position, is_check)` shows, whether positions count pages or rows.

    Positions go up by one; where a page mostly repeats an earlier one and still brings something new, by the rows of the
    page. Rows that changed places may look like that too, so an end is believed only behind single steps: those are checks.
    """
    seen: dict[Key, Row] = {}
    position, fruitless, step, may_leap = 0, 0, 1, True
    while fruitless < _ENOUGH:
        page = ask(position, not may_leap)
        if seen and not page:
            if step == 1:
                break
            position, step, may_leap = position - step + 1, 1, False
            continue
        new = len(page.keys() - seen.keys())
        is_leaping = may_leap and (step > 1 or 0 < new <= len(page) - new)
        fruitless = 0 if new else fruitless + 1
        seen |= page
        step = max(1, len(page)) if is_leaping else 1
        position += step
    return seen


class _Reading:
    """One reading of a trail in one form. counted: the largest count that it was told. fullest: rows of its fullest page."""

    def __init__(self, read: Read, lead_id: str, event: int | None, form: _Form, pages: AccountPages) -> None:
        self._read = read
        self._lead_id = lead_id
        self._parameter = {} if event is None else {"ActivityEvent": event}
        self._form = form
        self._pages = pages
        self._shown: list[tuple[int, frozenset[Key]]] = []  # of each page: how many rows, and which
        self._last: frozenset[Key] = frozenset()
        self._is_whole = False
        self.counted = 0
        self.fullest = 0

    def go(self) -> dict[Key, Row]:
        """All rows of the reading; a size of pages that is refused is given up for a smaller one."""
        for place in range(self._pages.size, len(PAGE_SIZES)):
            self._shown.clear()
            try:
                rows = self._rows(PAGE_SIZES[place])
            except NotOfferedError:
                continue
            self._pages.size = place
            if not self.may_be_ignored:
                self._pages.form = self._form
            return rows
        raise NotOfferedError

    def _rows(self, size: int) -> dict[Key, Row]:
        """Where position 0 is refused and 1 is empty, the refusal may have been a passing one: asked once more."""
        rows = _walk(lambda position, is_check: self._page(position, size, is_check=is_check))
        if not rows and len(self._shown) < _POSITIONS_OF_NOTHING:
            rows = _walk(lambda position, is_check: self._page(position, size, is_check=is_check))
        return rows

    @property
    def may_be_ignored(self) -> bool:
        """Whether the pages look as they would if nobody had read which page was asked for: all alike, and no end."""
        if self._is_whole or not self._shown or not all(keys for _, keys in self._shown):
            return False
        length, first = self._shown[0]
        return all(other == length and first & keys for other, keys in self._shown[1:])

    @property
    def is_clean(self) -> bool:
        """Whether no row can have slipped over the border of two pages.

        A row that is missed leaves its place to another one, which then is shown twice: pages without a row in common
        have missed none. Where pages count from 1, the first is shown twice; where positions count rows, the second page
        begins one row behind the first: then the first may be left out, or each page is the one before without a row.
        """
        pages = [keys for _, keys in self._shown if keys]
        if all(later < one and len(one) - len(later) == 1 for one, later in pairwise(pages)):
            return True
        together: set[Key] = set().union(*pages)
        others: set[Key] = set().union(*pages[1:])
        is_first_spare = len(together) - len(others) <= 1 and sum(map(len, pages[1:])) == len(others)
        return is_first_spare or sum(map(len, pages)) == len(together)

    def _page(self, position: int, size: int, *, is_check: bool) -> dict[Key, Row]:
        if self._is_whole:
            return {}
        try:
            count, listed = self._ask(position, size)
        except NotOfferedError:
            if position == 0:  # where pages count from 1 this may be refused: the next one tells
                return {}
            raise
        rows = {(_id(row), identifier(row.get("EventCode"))): row for row in listed}
        most = self._pages.most.get((self._form, size), 0)
        is_first = not any(keys for _, keys in self._shown)
        self._is_whole = is_first and 0 < len(listed) < most and count <= len(rows)
        self._pages.most[self._form, size] = max(most, len(listed))
        is_step = rows.keys() < self._last and len(self._last) - len(rows) == 1
        if not (is_check and is_step):  # such a step shows that positions count rows, and nothing else
            self._shown.append((len(listed), frozenset(rows)))
        self._last = frozenset(rows) or self._last
        self.fullest = max(self.fullest, len(rows))
        self.counted = max(self.counted, count)
        return rows

    def _ask(self, position: int, size: int) -> tuple[int, list[Row]]:
        """What the answer counts, and its rows."""
        request = posting(
            "ProspectActivity.svc/Retrieve",
            {"Parameter": self._parameter, "Paging": self._form.paging(position, size)},
            ("leadId", self._lead_id),
        )
        document = ask(self._read, request)
        count = whole_number(document.get("RecordCount")) if isinstance(document, dict) else None
        listed = rows_in(document, "ProspectActivities")
        if listed is None and count != 0:
            raise unusable(request, "it lists no ProspectActivities")
        if not all(_id(row) for row in listed or []):
            raise unusable(request, "it lists an activity without its Id")
        return count or 0, listed or []


def _id(row: Row) -> str:
    return identifier(row.get("Id")).casefold()
