"""How a results workbook looks: fills, number formats and widths."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, TypeAlias

from etl.mapping.convert.cells import plain_number
from etl.records import VERIFIED_COLUMN, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xlsxwriter import Workbook

    from etl.records import Cell, ShownNumber

Format: TypeAlias = Any  # xlsxwriter ships no types

_GREEN = {"bg_color": "#D9F2E0", "font_color": "#1B5E34"}
_BLUE = {"bg_color": "#DCEBF7", "font_color": "#1F4E79"}
_RED = {"bg_color": "#F9D9D6", "font_color": "#8C1D13"}
_ORANGE = {"bg_color": "#FCE4CC", "font_color": "#8A4B08"}
_YELLOW = {"bg_color": "#FFF4C2", "font_color": "#6B5500"}
_GREY = {"bg_color": "#ECECEC", "font_color": "#555555"}

_STATUS_COLOURS: dict[Outcome, dict[str, str]] = {
    Outcome.CREATED: _GREEN,
    Outcome.UPDATED: _GREEN,
    Outcome.ALREADY_IMPORTED: _BLUE,
    Outcome.CHANGED: _ORANGE,
    Outcome.INVALID: _RED,
    Outcome.REFUSED: _RED,
    Outcome.UNCONFIRMED: _YELLOW,
    Outcome.WAITING: _GREY,
    Outcome.IGNORED: _GREY,
    Outcome.UNDONE: _GREY,
}

_PERCENTAGE = re.compile(r"-?[0-9]+(?:\.([0-9]+))?%")

_WIDEST = {"ProspectActivityId": 38, "etl_error": 30, "etl_hint": 40, "etl_code": 16, VERIFIED_COLUMN: 30}
_WIDEST_INPUT_COLUMN = 32
WRAPPED = ("etl_error", "etl_hint", VERIFIED_COLUMN)
_WIDEST_OF_ALL = max(*_WIDEST.values(), _WIDEST_INPUT_COLUMN)
_NARROWEST = 8
_LINE_HEIGHT = 15  # points, as Excel's own
_TALLEST = 27 * _LINE_HEIGHT  # Excel: at most 409 points
_FILTER_BUTTON = 3  # the header's arrow hides about so many characters


@dataclass(frozen=True, slots=True)
class Styles:
    """The formats of one workbook. Texts carry the text format: a cell corrected in Excel stays what is typed."""

    own_header: Format
    input_header: Format
    status: dict[Outcome, Format]
    text: Format
    wrapped: Format
    own_number: Format
    whole: Format
    number: Format
    day: Format
    minute: Format
    second: Format
    fraction: Format
    clock: Format
    link: Format
    group: Format
    title: Format
    section: Format
    command: Format
    share: Format
    label: Format
    count: Format
    _add: Callable[..., Format]
    _by_code: dict[str, Format] = field(default_factory=dict)

    @classmethod
    def of(cls, workbook: Workbook) -> Styles:
        def add(**properties: object) -> Format:
            return workbook.add_format({"valign": "top", **properties})

        right = {"align": "right", "indent": 1}  # or a number touches the text in the next column
        return cls(
            own_header=add(bold=True, bg_color="#1F3A4D", font_color="#FFFFFF", num_format="@"),
            input_header=add(bold=True, bg_color="#DDE3E8", bottom=1, num_format="@", text_wrap=True),
            status={outcome: add(**colours, num_format="@") for outcome, colours in _STATUS_COLOURS.items()},
            text=add(num_format="@"),
            wrapped=add(num_format="@", text_wrap=True),
            own_number=add(num_format="0", align="left"),
            whole=add(num_format="0", **right),  # a telephone number in a number cell shows its digits, not 9.2E+11
            number=add(**right),
            day=add(num_format="yyyy-mm-dd", align="left"),
            minute=add(num_format="yyyy-mm-dd hh:mm", align="left"),
            second=add(num_format="yyyy-mm-dd hh:mm:ss", align="left"),
            fraction=add(num_format="yyyy-mm-dd hh:mm:ss.000", align="left"),
            clock=add(num_format="hh:mm:ss", align="left"),
            link=add(num_format="@", font_color="#0B5394", underline=1),
            group=add(num_format="@", bold=True, bg_color="#FFF4C2", font_color="#4A3A00", top=1),
            title=add(num_format="@", bold=True, font_size=15),
            section=add(num_format="@", bold=True, bg_color="#DDE3E8"),
            command=add(num_format="@", font_name="Courier New", bg_color="#F3F3F3"),
            label=add(num_format="@", font_color="#555555"),
            share=add(num_format="@", **right),
            count=add(num_format="#,##0", **right),
            _add=add,
        )

    def of_own_column(self, header: str) -> Format:
        return self.wrapped if header in WRAPPED else self.text

    def of_shown(self, number: ShownNumber) -> Format | None:
        """A format that shows a number with its zeros, or in percent, as the input does; None where it takes more."""
        code = _code_of(number)
        if code is None:
            return None
        if code not in self._by_code:
            self._by_code[code] = self._add(num_format=code, align="right", indent=1)
        return self._by_code[code]

    def of_moment(self, moment: date | time) -> Format:
        """The shortest date format that shows all of it; year first, which no reader takes for month/day."""
        if isinstance(moment, time):
            return self.clock
        if not isinstance(moment, datetime):
            return self.day
        if moment.microsecond:
            return self.fraction
        return self.second if moment.second else self.minute


def _code_of(number: ShownNumber) -> str | None:
    shown = number.shown
    if shown.isascii() and shown.isdigit() and float(shown) == float(number):
        return "0" * len(shown)
    percentage = _PERCENTAGE.fullmatch(shown)
    if percentage is None or number.exact != f"{plain_number(float(number) * 100)}%":
        return None
    return f"0.{'0' * len(percentage[1])}%" if percentage[1] else "0%"


def row_height(headers: Sequence[str], own: Sequence[Cell]) -> int | None:
    """Points that the wrapped texts among a row's outcome cells need; None where one line is enough.

    Excel would find out by itself on opening; other programs show the first line only.
    """
    lines = 1
    for header, text in zip(headers, own, strict=True):
        if header in WRAPPED and text is not None:
            width = _WIDEST[header] - 4  # lines break between words, so they are not full
            lines = max(lines, sum(1 + len(line) // width for line in str(text).splitlines()))
    return min(lines * _LINE_HEIGHT, _TALLEST) if lines > 1 else None


class Widths:
    """How wide the columns shall be, and which hold nothing but texts: ours by all rows, the input's by the first.

    own: how many of the columns are ours; they stand first.
    """

    def __init__(self, headers: Sequence[str], own: int, rows_to_judge: int = 1000) -> None:
        self._headers = headers
        self._own = own
        self._widths = [len(header) + _FILTER_BUTTON for header in headers]
        self._has_text = [False] * len(headers)
        self._has_other = [False] * len(headers)
        self._rows_left = rows_to_judge

    def see(self, cells: Sequence[Cell]) -> None:
        """Take one row of the results file into account."""
        self._rows_left -= 1
        widths = self._widths
        for position, cell in enumerate(cells if self._rows_left >= 0 else cells[: self._own]):
            if cell is None:
                continue
            width = widths[position]
            if isinstance(cell, str):
                self._has_text[position] = True
                may_be_wider = len(cell) >= width
            else:
                self._has_other[position] = True
                may_be_wider = _may_be_as_long(cell, width)
            if may_be_wider and width <= _WIDEST_OF_ALL:
                widths[position] = max(width, _longest_line(cell) + 1)

    def of(self, position: int) -> int:
        """The width in characters: as the content, within bounds; the frozen columns leave room for the others."""
        header = self._headers[position]
        widest = _WIDEST.get(header, _WIDEST_INPUT_COLUMN) if position < self._own else _WIDEST_INPUT_COLUMN
        return max(_NARROWEST, min(self._widths[position], widest))

    def is_text(self, position: int) -> bool:
        return self._has_text[position] and not self._has_other[position]


def _may_be_as_long(cell: Cell, width: int) -> bool:
    """Whether a cell that is no text may take that width. Whole numbers below a million, as ours nearly all are, take six."""
    return not (type(cell) is int and 0 <= cell < 1_000_000 and width > 6)


def _longest_line(cell: Cell) -> int:
    return max((len(line) for line in str(cell).splitlines()), default=0)
