"""The catalogue of findings: one small class per kind of problem.

A problem knows its stable code, what was expected and how to mend it; a finding is a problem at a place.
Texts are for people who never saw the code: value, expectation, action.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.records import Place


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem. Subclasses set `code` and say what was found (`error`) and what to do (`remedy`)."""

    code: ClassVar[str]

    @property
    def error(self) -> str:
        """What is wrong, with the value, in one sentence without the place."""
        raise TypeError(f"{type(self).__name__} says nothing about its error")

    @property
    def remedy(self) -> str:
        """What a person can do about it, in one sentence."""
        raise TypeError(f"{type(self).__name__} says nothing about its remedy")


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem at a place."""

    place: Place
    problem: Problem

    @property
    def code(self) -> str:
        return self.problem.code

    @property
    def hint(self) -> str:
        """Cell and action, as it stands in the results file: `F41: "31/02/2026" is no date. Type it as dd/mm/yyyy.`"""
        cell = f"{self.place.letter or ''}{self.place.row or ''}"
        return (
            f"{cell}: {self.problem.error} {self.problem.remedy}"
            if cell
            else f"{self.problem.error} {self.problem.remedy}"
        )

    def __str__(self) -> str:
        return f"{self.place}: {self.problem.error} {self.problem.remedy}"


def shown(value: object, most: int = 60) -> str:
    """A value as findings quote it: in double quotes, line breaks visible, cut to `most` characters."""
    text = str(value).replace("\n", "⏎").replace("\r", "")
    return f'"{text[: most - 1]}…"' if len(text) > most else f'"{text}"'


def near(hint: str | None) -> str:
    """` Did you mean "Email"?` for a near miss, nothing without one."""
    return f" Did you mean {shown(hint)}?" if hint else ""


def listed(words: Sequence[str], most: int = 8) -> str:
    """Some words as a person lists them: `Done, Closed, …`."""
    return ", ".join(words[:most]) + (", …" if len(words) > most else "")


# --- cells: any type ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ErrorValue(Problem):
    """A mapped cell holds an error of the spreadsheet instead of a value."""

    code = "error_value"
    value: str

    @property
    def error(self) -> str:
        return f"The cell holds the spreadsheet's error {self.value}, not a value."

    @property
    def remedy(self) -> str:
        return "Mend the formula, or type the value itself."


@dataclass(frozen=True, slots=True)
class EmptyCell(Problem):
    """A cell is empty that the mapping or LeadSquared needs."""

    code = "empty_cell"
    target: str

    @property
    def error(self) -> str:
        return f"The cell is empty, and {self.target} needs a value."

    @property
    def remedy(self) -> str:
        return "Fill in the cell."


@dataclass(frozen=True, slots=True)
class EmptyKey(Problem):
    """A column that tells rows apart (unique_by) is empty."""

    code = "empty_key"
    header: str

    @property
    def error(self) -> str:
        return f"{shown(self.header)} is empty, and rows are told apart by it."

    @property
    def remedy(self) -> str:
        return "Fill in the cell with the row's own value."


@dataclass(frozen=True, slots=True)
class NothingToChange(Problem):
    """A row of an update in which every cell that could change something is empty."""

    code = "nothing_to_change"

    @property
    def error(self) -> str:
        return "This row names an activity and nothing that is to be changed in it."

    @property
    def remedy(self) -> str:
        return "Fill a cell that the mapping sends, or remove the row; an empty cell clears a field under when_empty: clear."


@dataclass(frozen=True, slots=True)
class TooLong(Problem):
    """A text is longer than its target can hold."""

    code = "too_long"
    value: str
    length: int
    most: int
    target: str

    @property
    def error(self) -> str:
        return f"{shown(self.value, 30)} has {self.length:,} characters; {self.target} holds {self.most:,}."

    @property
    def remedy(self) -> str:
        return f"Shorten it, or let the mapping cut it with when_too_long: cut on {self.target}."


@dataclass(frozen=True, slots=True)
class TextDamaged(Problem):
    """A spreadsheet turned a long number into powers of ten before the text was saved."""

    code = "text_damaged"
    value: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} was a longer number once: a spreadsheet has shortened it, and digits are lost."

    @property
    def remedy(self) -> str:
        return "Format the column as text in the original, type the whole number again and save."


@dataclass(frozen=True, slots=True)
class DigitsLost(Problem):
    """A number has more digits than a spreadsheet keeps (15)."""

    code = "digits_lost"
    value: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} has more than 15 digits, and a spreadsheet keeps only 15 of a number."

    @property
    def remedy(self) -> str:
        return "Format the cell as text and type all digits again."


@dataclass(frozen=True, slots=True)
class DateInText(Problem):
    """A column sent as text holds a true date, which has no spelling of its own."""

    code = "date_in_text"
    value: str

    @property
    def error(self) -> str:
        return f"{self.value} is a true date of the spreadsheet, and the mapping sends this column as text."

    @property
    def remedy(self) -> str:
        return "Set type: date, time or datetime for this column in the mapping, or format the cell as text."


@dataclass(frozen=True, slots=True)
class NoteToken(Problem):
    """A note contains signs that LeadSquared reads as a command."""

    code = "note_token"
    token: str

    @property
    def error(self) -> str:
        return f"The note contains {self.token}, which LeadSquared reads as a command and not as text."

    @property
    def remedy(self) -> str:
        return f"Take {self.token} out of the note."


# --- cells: numbers, booleans, choices ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NumberFormat(Problem):
    """A cell of a number column does not hold a number that can be read in one way only."""

    code = "number_format"
    value: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is not a number that can be read in one way only."

    @property
    def remedy(self) -> str:
        return "Type plain digits with a point before the decimals, like 1500.50."


@dataclass(frozen=True, slots=True)
class NotWhole(Problem):
    """A column of whole numbers holds one with decimals."""

    code = "not_whole"
    value: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is not a whole number."

    @property
    def remedy(self) -> str:
        return "Type a whole number, or set type: number in the mapping."


@dataclass(frozen=True, slots=True)
class BooleanWord(Problem):
    """A yes-or-no column holds another word."""

    code = "boolean_word"
    value: str
    known: tuple[str, ...]

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is neither yes nor no."

    @property
    def remedy(self) -> str:
        return f"Type one of: {listed(self.known)}."


@dataclass(frozen=True, slots=True)
class ChoiceUnknown(Problem):
    """A cell holds none of the options of its column."""

    code = "choice_unknown"
    value: str
    known: tuple[str, ...]
    nearest: str | None = None

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is none of the options of this column.{near(self.nearest)}"

    @property
    def remedy(self) -> str:
        return f"Type one of: {listed(self.known)}."


@dataclass(frozen=True, slots=True)
class GuidFormat(Problem):
    """A cell does not hold a LeadSquared id."""

    code = "guid_format"
    value: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is no LeadSquared id."

    @property
    def remedy(self) -> str:
        return "Copy the whole id, like 0f8fad5b-d9cb-469f-a165-70867728950e."


# --- cells: dates and times --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DateFormat(Problem):
    """A text is not the date, time or date-time that its format describes.

    kind: "date", "time" or "date and time". typed_as: the format as a person types it. impossible: written
    rightly, but the calendar or the clock has no such value.
    """

    code = "date_format"
    value: str
    kind: str
    typed_as: str
    impossible: bool = False

    @property
    def error(self) -> str:
        if self.impossible or self.kind == "date":
            return f"{shown(self.value)} is no {self.kind}."
        return f"{shown(self.value)} is not written as {self.typed_as}."

    @property
    def remedy(self) -> str:
        return f"Type it as {self.typed_as}."


@dataclass(frozen=True, slots=True)
class DateAmbiguous(Problem):
    """A text fits two formats of its column, with different results."""

    code = "date_ambiguous"
    value: str
    readings: tuple[str, str]

    @property
    def error(self) -> str:
        return f"{shown(self.value)} can be read as {self.readings[0]} and as {self.readings[1]}."

    @property
    def remedy(self) -> str:
        return "Type it in the form that only one format of the mapping allows, or leave one format in the mapping."


@dataclass(frozen=True, slots=True)
class NotADate(Problem):
    """A date column holds a bare number, or yes or no."""

    code = "not_a_date"
    value: str
    kind: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is a bare number or word of the spreadsheet, not a {self.kind}."

    @property
    def remedy(self) -> str:
        return f"Format the cell as a {self.kind} in the spreadsheet and check what it shows."


@dataclass(frozen=True, slots=True)
class TimeMissing(Problem):
    """A date-time column holds only a day, though its format has a time of day."""

    code = "time_missing"
    value: str

    @property
    def error(self) -> str:
        return f"{self.value} has no time of day."

    @property
    def remedy(self) -> str:
        return "Type the time as well, after the date."


@dataclass(frozen=True, slots=True)
class DateMissing(Problem):
    """A date or date-time column holds only a time of day."""

    code = "date_missing"
    value: str

    @property
    def error(self) -> str:
        return f"{self.value} is a time of day without a date."

    @property
    def remedy(self) -> str:
        return "Type the date as well, before the time."


@dataclass(frozen=True, slots=True)
class TooPrecise(Problem):
    """A date or time column holds a full date-time, of which one half would be lost."""

    code = "too_precise"
    value: str
    kind: str

    @property
    def error(self) -> str:
        return f"{self.value} is a date with a time of day; this column is sent as a {self.kind}."

    @property
    def remedy(self) -> str:
        return f"Leave only the {self.kind} in the cell, or set type: datetime in the mapping."


@dataclass(frozen=True, slots=True)
class TimeSkipped(Problem):
    """A local time that the clock jumped over when summer time began."""

    code = "time_skipped"
    value: str
    zone: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} does not exist in {self.zone}: clocks were put forward over it."

    @property
    def remedy(self) -> str:
        return "Correct the time."


@dataclass(frozen=True, slots=True)
class TimeTwice(Problem):
    """A local time that came twice when summer time ended."""

    code = "time_twice"
    value: str
    zone: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} came twice in {self.zone}: clocks were put back over it."

    @property
    def remedy(self) -> str:
        return "Correct the time, or type all times with their offset and add %z to the format in the mapping."


@dataclass(frozen=True, slots=True)
class YearOutOfRange(Problem):
    """A date-time whose UTC form lies before the year 1 or after 9999."""

    code = "year_out_of_range"
    value: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} lies outside the years 1 to 9999."

    @property
    def remedy(self) -> str:
        return "Correct the year."


@dataclass(frozen=True, slots=True)
class DatesMixed(Problem):
    """True dates with days up to 12 stand beside texts with days above 12: day and month were swapped while typing."""

    code = "dates_mixed"
    true_date: str
    text: str

    @property
    def error(self) -> str:
        return (
            f"Day and month were probably swapped while typing: no true date of this column has a day above 12 "
            f"(like {self.true_date}), and every text has one (like {shown(self.text)})."
        )

    @property
    def remedy(self) -> str:
        return "Format the whole column as text and type the dates again in one form; nothing of this file was sent."


# --- cells: people -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EmailFormat(Problem):
    """A cell does not hold an e-mail address."""

    code = "email_format"
    value: str
    reason: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is no e-mail address: {self.reason}"

    @property
    def remedy(self) -> str:
        return "Correct the address; one cell holds one address."


@dataclass(frozen=True, slots=True)
class PhoneFormat(Problem):
    """A cell does not hold a phone number that exists in its region."""

    code = "phone_format"
    value: str
    region: str | None

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is no phone number{f' of {self.region}' if self.region else ''}."

    @property
    def remedy(self) -> str:
        return "Type one number with all its digits, like +91 98765 43210."


@dataclass(frozen=True, slots=True)
class PhoneRegion(Problem):
    """A phone number without its country code, and the mapping names no region."""

    code = "phone_region"
    value: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} has no country code."

    @property
    def remedy(self) -> str:
        return "Type it with + and the country code, or set region (like IN) for this column in the mapping."


@dataclass(frozen=True, slots=True)
class LookupMissing(Problem):
    """A name that the lookup file has no value for."""

    code = "lookup_missing"
    value: str
    file: str
    nearest: str | None = None

    @property
    def error(self) -> str:
        return f"{self.file} has no value for {shown(self.value)}.{near(self.nearest)}"

    @property
    def remedy(self) -> str:
        return f"Correct the name, or add it to {self.file}."


@dataclass(frozen=True, slots=True)
class LookupAmbiguous(Problem):
    """A name that the lookup file gives two different values for."""

    code = "lookup_ambiguous"
    value: str
    file: str
    matches: tuple[str, ...]

    @property
    def error(self) -> str:
        return f"{self.file} has several values for {shown(self.value)}: {listed(self.matches)}."

    @property
    def remedy(self) -> str:
        return f"Leave one of them in {self.file}, or make the names differ."


# --- rows and columns of a file ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineageDamaged(Problem):
    """A line of our own file whose etl_run or etl_row was changed: it cannot be told which row it was."""

    code = "lineage_damaged"
    run: str
    row: str

    @property
    def error(self) -> str:
        return f"etl_run {shown(self.run)} and etl_row {shown(self.row)} do not tell which row this line was."

    @property
    def remedy(self) -> str:
        return "Restore both from the original results file, or clear both if this is a new row."


@dataclass(frozen=True, slots=True)
class ColumnMissing(Problem):
    """A column that the mapping names is not in the file."""

    code = "column_missing"
    wanted: str
    present: tuple[str, ...]
    nearest: str | None = None

    @property
    def error(self) -> str:
        return f"There is no column {shown(self.wanted)}.{near(self.nearest)}"

    @property
    def remedy(self) -> str:
        return f"Correct the header or the mapping; the file has: {listed(self.present, 30)}."


@dataclass(frozen=True, slots=True)
class ColumnTwice(Problem):
    """A column that the mapping names is there more than once."""

    code = "column_twice"
    wanted: str
    letters: tuple[str, ...]

    @property
    def error(self) -> str:
        return f"The column {shown(self.wanted)} is there {len(self.letters)} times: {', '.join(self.letters)}."

    @property
    def remedy(self) -> str:
        return (
            f"Rename one of them, or name the right one in the mapping by its letter, like letter: {self.letters[0]}."
        )


# --- the mapping file --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NotYaml(Problem):
    """The mapping is not YAML."""

    code = "not_yaml"
    reason: str

    @property
    def error(self) -> str:
        return f"This is not YAML: {self.reason}."

    @property
    def remedy(self) -> str:
        return "Correct the line; indent with spaces, and put texts with : # @ % { [ in double quotes."


@dataclass(frozen=True, slots=True)
class NotAMapping(Problem):
    """The file is no mapping as a whole: missing, empty, too large, or not UTF-8 text."""

    code = "not_a_mapping"
    reason: str

    @property
    def error(self) -> str:
        return f"This is no mapping: {self.reason}."

    @property
    def remedy(self) -> str:
        return "Start from one of the examples in mappings/, saved as UTF-8 text."


@dataclass(frozen=True, slots=True)
class DuplicateKey(Problem):
    """A key stands twice in one place of the mapping."""

    code = "duplicate_key"
    key: str
    first_line: int

    @property
    def error(self) -> str:
        return f"{shown(self.key)} stands here a second time; the first is in line {self.first_line}."

    @property
    def remedy(self) -> str:
        return "Remove one of the two."


@dataclass(frozen=True, slots=True)
class UnknownKey(Problem):
    """A key that mappings do not have at this place."""

    code = "unknown_key"
    key: str
    known: tuple[str, ...]
    nearest: str | None = None

    @property
    def error(self) -> str:
        return f"Unknown key {shown(self.key)}.{near(self.nearest)}"

    @property
    def remedy(self) -> str:
        return f"Correct or remove it; known here: {listed(self.known, 30)}."


@dataclass(frozen=True, slots=True)
class MissingKey(Problem):
    """A key that this place of the mapping needs."""

    code = "missing_key"
    key: str
    reason: str = ""

    @property
    def error(self) -> str:
        return f"{shown(self.key)} is missing{f': {self.reason}' if self.reason else ''}."

    @property
    def remedy(self) -> str:
        return f"Add a line {self.key}: …"


@dataclass(frozen=True, slots=True)
class WrongValue(Problem):
    """A value of the mapping is not of the kind that its key takes."""

    code = "wrong_value"
    found: str
    expected: str
    nearest: str | None = None

    @property
    def error(self) -> str:
        return f"Found {self.found}, expected {self.expected}.{near(self.nearest)}"

    @property
    def remedy(self) -> str:
        return "Correct the value."


@dataclass(frozen=True, slots=True)
class NoValue(Problem):
    """A key of the mapping without a value, or with YAML's word for nothing."""

    code = "no_value"
    found: str

    @property
    def error(self) -> str:
        return f"There is no value here{f', only {self.found}' if self.found else ''}."

    @property
    def remedy(self) -> str:
        return "Write a value, in quotes if this very text is meant, or remove the line."


@dataclass(frozen=True, slots=True)
class UnknownTarget(Problem):
    """A target that is no name of LeadSquared's."""

    code = "unknown_target"
    target: str
    nearest: str | None = None

    @property
    def error(self) -> str:
        return f"{shown(self.target)} is no target.{near(self.nearest)}"

    @property
    def remedy(self) -> str:
        return "Use SearchByValue, ActivityNote, mx_Custom_1 and so on, spelled exactly as LeadSquared does."


@dataclass(frozen=True, slots=True)
class TargetNotSent(Problem):
    """A target that the mapping's operation cannot send."""

    code = "target_not_sent"
    target: str
    operation: str
    sends: tuple[str, ...]

    @property
    def error(self) -> str:
        return f"{self.operation} cannot send {self.target}."

    @property
    def remedy(self) -> str:
        return f"Remove it; this operation sends: {listed(self.sends)} and mx_Custom_N."


@dataclass(frozen=True, slots=True)
class TargetTwice(Problem):
    """Two entries of the mapping fill the same target."""

    code = "target_twice"
    target: str
    first: str

    @property
    def error(self) -> str:
        return f"{self.target} is filled twice; the first time by {self.first}."

    @property
    def remedy(self) -> str:
        return "Remove one of the two, or use first_of or join under values."


@dataclass(frozen=True, slots=True)
class TargetMissing(Problem):
    """A target that every row of the operation needs, and nothing fills it."""

    code = "target_missing"
    target: str
    operation: str

    @property
    def error(self) -> str:
        return f"No column fills {self.target}, and {self.operation} needs it in every row."

    @property
    def remedy(self) -> str:
        return f"Map a column to {self.target}."


@dataclass(frozen=True, slots=True)
class OptionUnused(Problem):
    """An option that means nothing beside the type or operation it stands with."""

    code = "option_unused"
    option: str
    beside: str

    @property
    def error(self) -> str:
        return f"{self.option} means nothing for {self.beside}."

    @property
    def remedy(self) -> str:
        return f"Remove {self.option}, or correct what it belongs to."


@dataclass(frozen=True, slots=True)
class TypeFixed(Problem):
    """A type given to a target whose type LeadSquared fixes."""

    code = "type_fixed"
    target: str
    type: str

    @property
    def error(self) -> str:
        return f"{self.target} is always of type {self.type}."

    @property
    def remedy(self) -> str:
        return "Remove the type."


@dataclass(frozen=True, slots=True)
class NotAvailable(Problem):
    """A setting that the mapping knows, and that does not work yet."""

    code = "not_available"
    setting: str
    operation: str
    works: str

    @property
    def error(self) -> str:
        return f"{self.setting} is not available yet for {self.operation}."

    @property
    def remedy(self) -> str:
        return f"Use {self.works}."


@dataclass(frozen=True, slots=True)
class ValueRefused(Problem):
    """A fixed value of the mapping that its own target refuses."""

    code = "value_refused"
    reason: str

    @property
    def error(self) -> str:
        return f"This value cannot be sent: {self.reason}"

    @property
    def remedy(self) -> str:
        return "Correct the value in the mapping."


@dataclass(frozen=True, slots=True)
class LookupFileMissing(Problem):
    """A lookup file that is not there."""

    code = "lookup_file_missing"
    file: str

    @property
    def error(self) -> str:
        return f"There is no file {self.file}."

    @property
    def remedy(self) -> str:
        return "Correct the path; it is looked for beside the mapping file."


# --- the mapping beside what the account has ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ActivityTypeMissing(Problem):
    """The account lists no activity type of this number. named: the number of the type with the mapping's name, if any."""

    code = "activity_type_missing"
    event: int
    known: tuple[str, ...]
    named: int | None = None
    name: str | None = None

    @property
    def error(self) -> str:
        there = f" {shown(self.name)} has the number {self.named} there." if self.named is not None else ""
        return f"This LeadSquared account has no activity type with the number {self.event}.{there}"

    @property
    def remedy(self) -> str:
        if self.named is not None:
            return f"Write event: {self.named}, or check that this is the account you mean."
        return f"Correct the number, or check that this is the account you mean; it has: {listed(self.known, 12)}."


@dataclass(frozen=True, slots=True)
class ActivityTypeName(Problem):
    """The activity type of this number has another name in this account than the mapping says."""

    code = "activity_type_name"
    event: int
    name: str
    found: str
    named: int | None = None

    @property
    def error(self) -> str:
        there = f"; {shown(self.name)} has the number {self.named}" if self.named is not None else ""
        return f"The activity type {self.event} is called {shown(self.found)} in this account, not {shown(self.name)}{there}."

    @property
    def remedy(self) -> str:
        number = f"Write event: {self.named}" if self.named is not None else "Correct the number"
        return f"{number}; or, if the type {self.event} is meant, correct the name."


@dataclass(frozen=True, slots=True)
class FieldMissing(Problem):
    """A target that the account does not have. place: "activity type 320" or "its leads"."""

    code = "field_missing"
    target: str
    place: str
    nearest: str | None = None
    nearest_name: str | None = None

    @property
    def error(self) -> str:
        hint = f" Did you mean {self.nearest} ({shown(self.nearest_name)})?" if self.nearest else ""
        return f"This LeadSquared account has no field {self.target} in {self.place}.{hint}"

    @property
    def remedy(self) -> str:
        return (
            "Correct the target, or make the field in LeadSquared; a field's schema name stands in its settings there."
        )


@dataclass(frozen=True, slots=True)
class FieldType(Problem):
    """A field that is of another kind in the account than what the mapping sends."""

    code = "field_type"
    target: str
    display_name: str
    data_type: str
    sent: str

    @property
    def error(self) -> str:
        field = f"{self.target} ({shown(self.display_name)})"
        return f"{field} is of type {self.data_type} in LeadSquared; the mapping sends {self.sent}."

    @property
    def remedy(self) -> str:
        return (
            "Check that this is the field you mean, and set its type in the mapping; LeadSquared may refuse the rows."
        )


@dataclass(frozen=True, slots=True)
class FieldLength(Problem):
    """A field that holds less in the account than the mapping allows."""

    code = "field_length"
    target: str
    display_name: str
    holds: int
    most: int

    @property
    def error(self) -> str:
        field = f"{self.target} ({shown(self.display_name)})"
        return f"{field} holds {self.holds:,} characters in LeadSquared; the mapping allows {self.most:,}."

    @property
    def remedy(self) -> str:
        return f"Set max_length: {self.holds} for it, so that longer texts are found before they are sent."


@dataclass(frozen=True, slots=True)
class FieldMandatory(Problem):
    """A field that the account wants in every activity of the type, and the mapping does not fill."""

    code = "field_mandatory"
    target: str
    display_name: str

    @property
    def error(self) -> str:
        return f"{self.target} ({shown(self.display_name)}) is mandatory in LeadSquared, and no column fills it."

    @property
    def remedy(self) -> str:
        return "Map a column or a constant to it; LeadSquared may refuse every row without it."


@dataclass(frozen=True, slots=True)
class OptionMissing(Problem):
    """A value of the mapping that is no option of its dropdown in the account; upper and lower case count."""

    code = "option_missing"
    value: str
    target: str
    known: tuple[str, ...]
    nearest: str | None = None

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is no option of {self.target} in LeadSquared.{near(self.nearest)}"

    @property
    def remedy(self) -> str:
        return f"Write it as LeadSquared has it, or add it there; its options: {listed(self.known, 20)}."


@dataclass(frozen=True, slots=True)
class OwnerUnknown(Problem):
    """An owner who is no active user of the account."""

    code = "owner_unknown"
    email: str
    row: int
    is_inactive: bool = False
    nearest: str | None = None

    @property
    def error(self) -> str:
        kind = "is a user who was deactivated" if self.is_inactive else "is no user of this LeadSquared account"
        return f"{shown(self.email)} (first in row {self.row}) {kind}.{near(self.nearest)}"

    @property
    def remedy(self) -> str:
        return "Correct it in the sheet; LeadSquared may refuse its rows, or give them to the user of the keys."


# --- leads that are looked up ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LeadUnnamed(Problem):
    """A row that tells nothing by which its lead could be found."""

    code = "lead_unnamed"
    columns: tuple[str, ...]

    @property
    def error(self) -> str:
        return f"Nothing tells whose activity this is: {listed(self.columns)} {'are' if len(self.columns) > 1 else 'is'} empty."

    @property
    def remedy(self) -> str:
        return f"Fill in {'one of them' if len(self.columns) > 1 else 'the cell'}."


@dataclass(frozen=True, slots=True)
class LeadMissing(Problem):
    """LeadSquared has no lead with what the row knows of it. known_by: as `Phone "+919876543210"`."""

    code = "lead_missing"
    known_by: tuple[str, ...]
    new_leads: str | None = None

    @property
    def error(self) -> str:
        return f"LeadSquared has no lead with {' or '.join(self.known_by)}."

    @property
    def remedy(self) -> str:
        if self.new_leads is None:
            return "Correct the cell, or have the lead made in LeadSquared; the next run looks again."
        return (
            f"Correct the cell; or, if the lead is new, import {self.new_leads} into LeadSquared (its own lead import) and "
            "run the same command again."
        )


@dataclass(frozen=True, slots=True)
class LeadAmbiguous(Problem):
    """Several leads fit what the row knows. candidates: their ids, with names where LeadSquared shows them."""

    code = "lead_ambiguous"
    known_by: tuple[str, ...]
    candidates: tuple[str, ...]

    @property
    def error(self) -> str:
        return f"LeadSquared has several leads with {' or '.join(self.known_by)}: {listed(self.candidates, 10)}."

    @property
    def remedy(self) -> str:
        return "Merge them in LeadSquared if they are one, or leave in the row only what the right one has; then run it again."
