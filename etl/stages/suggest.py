"""From a file, and an account where there is one, to what a mapping is proposed from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import phonenumbers

from etl.api.activities import page_of_window
from etl.api.asking import NotOfferedError
from etl.api.metadata import NOTE_FIELD
from etl.api.reads import who_am_i
from etl.api.window import Part
from etl.errors import EtlError, NetworkError, RefusedError, SourceError, UsageError
from etl.findings import listed, near, shown
from etl.ledger.store import Ledger
from etl.mapping.headers import nearest, same_form
from etl.mapping.load import load_mapping
from etl.mapping.suggest.sample import AccountField, AccountView, Sample, SampleColumn
from etl.mapping.suggest.table import EndOfTable, find_header
from etl.mapping.suggest.written import written
from etl.mapping.targets import NOTE
from etl.reader import InputRules, open_input
from etl.reader.first_look import first_look
from etl.stages.connect import connect
from etl.stages.input_rules import rules_of
from etl.stages.live_check_facts import ACTIVITY_TYPES, LEAD_FIELDS, Told, fields_of_type, options_of_field

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.api.metadata import ActivityField, ActivityType
    from etl.clock import Clock
    from etl.mapping.model import Mapping
    from etl.mapping.suggest.proposal import Proposal
    from etl.mapping.suggest.sample import HeaderRow
    from etl.reader.first_look import SheetLook
    from etl.records import Block, Cell, Column
    from etl.settings import Settings
    from etl.stages.connect import Connection

MOST_SAMPLED = 10_000
"""Rows that are looked at cell by cell; the others are read for the end of the table alone."""

_MOST_DROPDOWNS = 20
_STORED_LOOKED_AT, _STORED_DAYS = 200, 365
_MOST_MERGED = 20
ALL_SHEETS = "all"


@dataclass(frozen=True, slots=True)
class Tables:
    """The sheets of a file that hold a table, each with the row of its headers. is_choice: somebody has to say which."""

    found: tuple[tuple[SheetLook, HeaderRow], ...]
    sheets: int

    @property
    def is_choice(self) -> bool:
        return len(self.found) > 1

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(look.sheet or "" for look, _ in self.found)


def tables_of(file: Path, shown_as: Path) -> Tables:
    """Where the tables of a file are.

    Raises: SourceError — it cannot be read, or no row of it looks like a header with rows below it.
    """
    looks = first_look(file, shown_as)
    found = tuple((look, row) for look in looks if (row := find_header(look.rows)) is not None)
    if not found:
        raise SourceError(
            f"{shown_as}: no row looks like the headers of a table, with rows below it. Give each column a name in one row, and "
            "the values in the rows below."
        )
    return Tables(found, len(looks))


def sample_of(file: Path, shown_as: Path, tables: Tables, sheet: str | None) -> Sample:
    """The sample of the sheet that was chosen.

    Args:    sheet: its name, or "all"; None where there is one table alone.
    Raises:  UsageError — there is no such sheet, or one has to be chosen. SourceError — a row cannot be read.
    """
    look, header_row = _chosen(shown_as, tables, sheet)
    name = look.sheet if sheet != ALL_SHEETS else None
    is_named = tables.sheets > 1 and look.sheet is not None
    written_sheet = ALL_SHEETS if sheet == ALL_SHEETS else look.sheet if is_named else None
    delimiter = None
    rules = InputRules(look.sheet, header_row)
    try:
        return _sampled(file, shown_as, rules, written_sheet, delimiter)
    except SourceError:
        if look.delimiter is None:
            raise
        rules = InputRules(name, header_row, delimiter=look.delimiter)
        return _sampled(file, shown_as, rules, written_sheet, look.delimiter)


def _chosen(shown_as: Path, tables: Tables, sheet: str | None) -> tuple[SheetLook, HeaderRow]:
    if sheet is None and tables.is_choice:
        raise UsageError(
            f"{shown_as}: {len(tables.found)} sheets hold a table: {listed([shown(one) for one in tables.names])}. Say which one "
            "is meant with --sheet NAME, or --sheet all where each is to be imported."
        )
    if sheet is None or sheet == ALL_SHEETS:
        return tables.found[0]
    chosen = next((one for one in tables.found if one[0].sheet == sheet), None)
    if chosen is None:
        raise UsageError(
            f"--sheet: {shown_as} has no sheet {shown(sheet)} with a table.{near(nearest(sheet, tables.names))} "
            f"Sheets with one: {listed([shown(one) for one in tables.names])}."
        )
    return chosen


class _Gathering:
    """The rows of a sheet as they pass: the first ones kept, all of them watched for the end of the table."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.numbers: list[int] = []
        self.cells: dict[str, list[Cell]] = {column.letter: [] for column in columns}
        self.rows = 0
        self.hidden = 0
        self.merged: list[str] = []
        self.end: EndOfTable | None = None
        self._of_rows: list[int] = []

    def take(self, block: Block) -> None:
        cells, numbers = block.columns, block.numbers
        self.hidden += len(block.hidden)
        self.merged += [one.reference for one in block.merged[: _MOST_MERGED - len(self.merged)]]
        if not numbers:
            return
        filled = [sum(cell not in (None, "") for cell in line) for line in zip(*cells.values(), strict=True)]
        if self.end is None:
            self.end = EndOfTable(sorted(filled)[len(filled) // 2])
        first = next(iter(cells.values()))
        for number, cell, count in zip(numbers, first, filled, strict=True):
            self.end.note(number, cell, count)
        self.rows += len(numbers)
        self._of_rows += numbers[-MOST_SAMPLED:]
        room = MOST_SAMPLED - len(self.numbers)
        self.numbers += numbers[:room]
        for letter, column in cells.items():
            self.cells[letter] += column[:room]

    def below(self, row: int) -> int:
        """How many rows stand at a row and below it."""
        return sum(number >= row for number in self._of_rows)


def _sampled(file: Path, shown_as: Path, rules: InputRules, sheet: str | None, delimiter: str | None) -> Sample:
    with open_input(file, rules, shown_as) as opened:
        gathered = _Gathering(opened.table.columns)
        for block in opened.blocks():
            gathered.take(block)
    if not gathered.numbers:
        raise SourceError(f"{shown_as}: there is no row below the headers to propose anything from.")
    end = gathered.end.found if gathered.end else None
    kept = sum(number < end.row for number in gathered.numbers) if end else len(gathered.numbers)
    assert not isinstance(rules.header_row, str)  # noqa: S101 — as it was found
    return Sample(
        file=shown_as.name,
        sheet=sheet,
        header_row=rules.header_row,
        numbers=tuple(gathered.numbers[:kept]),
        columns=tuple(SampleColumn(one, tuple(gathered.cells[one.letter][:kept])) for one in gathered.columns),
        data_rows=gathered.rows - (gathered.below(end.row) if end else 0),
        end=end,
        hidden_rows=gathered.hidden,
        merged=tuple(gathered.merged),
        delimiter=delimiter,
    )


def mapping_text(proposal: Proposal, mapping_file: str, file: Path, shown_as: Path) -> str:
    """The proposal as a mapping that loads, and through which the file opens at the header that was found.

    Raises: UsageError — it does not: a mistake of ours, which must not lie in anybody's folder as a mapping.
    """
    text = written(proposal, mapping_file)
    if proposal.sample.header_row == 1 or _opens(text, proposal.sample, file, shown_as):
        return text
    plainly = replace(proposal, sample=replace(proposal.sample, is_header_found=False))
    return written(plainly, mapping_file)


def _opens(text: str, sample: Sample, file: Path, shown_as: Path) -> bool:
    mapping = loaded(text)
    sheet = sample.sheet if sample.sheet != ALL_SHEETS else None
    try:
        with open_input(file, rules_of(mapping, sheet), shown_as) as opened:
            row = sample.header_row
            return opened.table.header_row == (row if isinstance(row, int) else row[1])
    except EtlError:
        return False


def loaded(text: str) -> Mapping:
    """A mapping from its text, checked as any other one. Raises UsageError with all that is wrong."""
    with TemporaryDirectory(prefix="etl-init-") as folder:
        draft = Path(folder) / "proposed.yaml"
        draft.write_text(text, encoding="utf-8", newline="\n")
        return load_mapping(draft)


def view_of_account(settings: Settings, event: str | None, clock: Clock) -> AccountView | tuple[ActivityType, ...]:
    """What the account says of itself and of one activity type; its types where it has not been said which one is meant.

    Args:    event: a type's number or its name.
    Raises:  UsageError — no such type, which are there. RefusedError, NetworkError — as for any read.
    """
    with (
        Ledger(settings.ledger_url, settings.ledger_files, clock) as ledger,
        connect(settings.account, ledger, clock) as connection,
    ):
        told = Told(connection, ledger, is_fresh=True)
        types = told.of(ACTIVITY_TYPES) or ()
        if event is None:
            return types
        code, name = _type_meant(types, event, connection.account.name)
        fields = told.of(fields_of_type(code)) or ()
        identity = who_am_i(connection.client, connection.slots.take)
        filled, looked_at = _filled(connection, code, clock)
        return AccountView(
            name=connection.account.name,
            event=code,
            event_name=name,
            fields=tuple(_fields(fields, told, code)),
            lead_fields={one.schema_name: one.display_name for one in told.of(LEAD_FIELDS) or ()},
            filled=filled,
            looked_at=looked_at,
            time_zone=identity.time_zone if identity else None,
            country=_country(identity.country_code if identity else None),
        )


def _type_meant(types: Sequence[ActivityType], event: str, account: str) -> tuple[int, str]:
    """Number and name of an activity type, from either."""
    wanted = same_form(event).casefold()
    found = [
        one for one in types if str(one.code) == wanted or wanted in {same_form(name).casefold() for name in one.names}
    ]
    if len(found) == 1:
        return found[0].code, found[0].names[0] if found[0].names else ""
    if not types and event.isdecimal():  # an account that does not list its types may have it nevertheless
        return int(event), ""
    names = {name: one.code for one in types for name in one.names}
    what = "has several types" if found else "has no activity type"
    all_types = (
        listed([f"{one.code} {one.names[0] if one.names else ''}".strip() for one in types], 20)
        or "none are told to this user"
    )
    raise UsageError(
        f"--event: the account {account} {what} {shown(event)}.{near(nearest(event, names))} Its types: {all_types}."
    )


def _fields(fields: Sequence[ActivityField], told: Told, code: int) -> Iterator[AccountField]:
    """The fields as targets. Some accounts tell the options of a dropdown only one by one."""
    asked = 0
    for field in fields:
        options = field.options
        if not options and "dropdown" in field.data_type.casefold() and asked < _MOST_DROPDOWNS:
            asked += 1
            options = told.of(options_of_field(code, field.schema_name)) or ()
        target = NOTE if field.schema_name == NOTE_FIELD else field.schema_name
        yield AccountField(
            target,
            field.display_name or field.schema_name,
            field.data_type,
            options,
            field.takes_others,
            None if target == NOTE else field.max_length,
            field.is_mandatory,
        )


def _filled(connection: Connection, code: int, clock: Clock) -> tuple[frozenset[str] | None, int]:
    """Which fields have a value in some stored activities of the type, and how many were looked at."""
    until = clock.now() + timedelta(days=1)
    try:
        page = page_of_window(
            connection.read, code, Part.around(until - timedelta(days=_STORED_DAYS), until), 1, _STORED_LOOKED_AT
        )
    except (NotOfferedError, NetworkError, RefusedError):
        return None, 0
    return frozenset(name for row in page.rows.values() for name, value in row.items() if value), len(page.rows)


def _country(code: str | None) -> str | None:
    """The country of a telephone code that belongs to one alone, like 91; 1 belongs to many."""
    if not code or not code.isdecimal():
        return None
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
    return str(regions[0]) if len(regions) == 1 else None
