"""The sheet "Summary": what was imported, when, by whom and into which account, how it ended, and what to do now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etl.reconciler.counts import Equation
from etl.reconciler.report.page import MEANINGS, moment_in_words, share_in_words
from etl.reconciler.rows_sheet import new_sheet
from etl.records import SUMMARY_TITLE, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xlsxwriter import Workbook

    from etl.reconciler.run_summary import RunSummary, SummaryCause
    from etl.reconciler.workbook_styles import Format, Styles

SUMMARY_SHEET = "Summary"
_WIDTHS = (20, 12, 11, 46, 22, 62)
_LAST = len(_WIDTHS) - 1
_LINE_HEIGHT = 15
_TALLEST = 27 * _LINE_HEIGHT  # Excel: at most 409 points


def write_summary(workbook: Workbook, styles: Styles, facts: Sequence[RunSummary]) -> None:
    """Write the sheet, the inputs of one workbook one below the other."""
    sheet = new_sheet(workbook, SUMMARY_SHEET)
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.hide_gridlines(2)
    page = _Page(sheet, styles)
    for one in facts:
        page.write(one)
    sheet.print_area(0, 0, max(page.row - 1, 0), _LAST)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})


class _Page:
    """The sheet and the row that is written next."""

    def __init__(self, sheet: Any, styles: Styles) -> None:
        self._sheet = sheet
        self._styles = styles
        self.row = 0

    def write(self, facts: RunSummary) -> None:
        sheet = f", sheet {facts.sheet}" if facts.sheet else ""
        self._line(f"{SUMMARY_TITLE} {facts.input.name}{sheet}", self._styles.title, height=24)
        self._outcomes(facts)
        self._next(facts)
        if facts.causes:
            self._causes(facts)
        self._section("What was imported")
        for name, value in _about(facts):
            self._sheet.write_string(self.row, 0, name, self._styles.label)
            self._line(value, self._styles.text, column=1)
        self.row += 2

    def _outcomes(self, facts: RunSummary) -> None:
        self._header("outcome", "rows", "share", "what that means")
        for outcome in Outcome:
            rows = facts.counts.get(outcome, 0)
            if rows:
                share = share_in_words(rows / facts.data_rows) if facts.data_rows else ""
                self._sheet.write_string(self.row, 0, outcome.value, self._styles.status[outcome])
                self._sheet.write_number(self.row, 1, rows, self._styles.count)
                self._sheet.write_string(self.row, 2, share, self._styles.share)
                self._line(MEANINGS[outcome], self._styles.text, column=3)
        equation = Equation(facts.data_rows, facts.counts)
        self._line(f"{equation}{'' if equation.holds else '. THIS DOES NOT ADD UP: keep the ledger and report it'}")
        self.row += 1

    def _next(self, facts: RunSummary) -> None:
        self._section("What to do now")
        self._line(facts.next.words)
        if facts.next.command is not None:
            for column in range(1, _LAST + 1):
                self._sheet.write_blank(self.row, column, None, self._styles.command)
            self._line(facts.next.command, self._styles.command)
        self.row += 1

    def _causes(self, facts: RunSummary) -> None:
        self._header("why", "rows", "outcome", "what is wrong", "first rows", "what to do, for the first row")
        for cause in facts.causes:
            self._cause(cause)
        if facts.causes_left_out:
            self._line(f"… and {facts.causes_left_out:,} further causes: filter the rows by etl_code.")
        self.row += 1

    def _cause(self, cause: SummaryCause) -> None:
        first = ", ".join(f"{number}" for number in cause.first_rows)
        more = " …" if cause.rows > len(cause.first_rows) else ""
        wrapped = self._styles.wrapped
        self._set_height({3: cause.title, 5: cause.remedy})
        self._sheet.write_string(self.row, 0, cause.code, self._styles.wrapped)
        self._sheet.write_number(self.row, 1, cause.rows, self._styles.count)
        self._sheet.write_string(self.row, 2, cause.outcome.value, self._styles.status[cause.outcome])
        self._sheet.write_string(self.row, 3, cause.title, wrapped)
        self._sheet.write_string(self.row, 4, first + more, wrapped)
        self._sheet.write_string(self.row, 5, cause.remedy, wrapped)
        self.row += 1

    def _set_height(self, wrapped: dict[int, str]) -> None:
        """Programs other than Excel show the first line of a wrapped text only, unless the row says how tall it is."""
        lines = max(
            sum(1 + len(line) // (_WIDTHS[column] - 4) for line in text.splitlines() or [""])
            for column, text in wrapped.items()
        )
        if lines > 1:
            self._sheet.set_row(self.row, min(lines * _LINE_HEIGHT, _TALLEST))

    def _section(self, title: str) -> None:
        self._header(title)

    def _header(self, *titles: str) -> None:
        for column in range(_LAST + 1):
            title = titles[column] if column < len(titles) else ""
            self._sheet.write_string(self.row, column, title, self._styles.section)
        self.row += 1

    def _line(self, text: str, style: Format | None = None, column: int = 0, height: int | None = None) -> None:
        """A text that runs over to the right."""
        if height is not None:
            self._sheet.set_row(self.row, height)
        self._sheet.write_string(self.row, column, text, style or self._styles.text)
        self.row += 1


def _about(facts: RunSummary) -> Iterator[tuple[str, str]]:
    """What, when, who and where, as names and texts."""
    yield "run", "a rehearsal: nothing went to LeadSquared" if facts.run is None else f"{facts.run}"
    yield "file", facts.input.path
    if facts.sheet:
        yield "sheet", facts.sheet
    yield "SHA-256 of the file", facts.input.sha256
    yield "mapping", f"{facts.mapping_name}: {facts.mapping.path}"
    yield "SHA-256 of the mapping", facts.mapping.sha256
    yield "operation", facts.operation
    if facts.activity:
        yield "activity type", facts.activity
    yield "account", ", ".join(facts.accounts) or "not known"
    yield "organisation", facts.organisation or "LeadSquared did not tell"
    if facts.hosts:
        yield "host", ", ".join(facts.hosts)
    yield "begun", moment_in_words(facts.began, facts.zone)
    yield "ended", "not yet" if facts.ended is None else moment_in_words(facts.ended, facts.zone)
    if facts.stop_reason:
        yield "stopped because", facts.stop_reason
    yield "by", "; ".join(facts.by) or "not recorded"
    yield "ledger", facts.ledger
    yield "etl", facts.etl_version
