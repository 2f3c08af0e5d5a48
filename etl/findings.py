"""The catalogue of findings: one small class per kind of problem.

A problem knows its stable code, what was expected and how to mend it; a finding is a problem at a place.
Texts are for people who never saw the code: value, expectation, action.
"""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass
from typing import TYPE_CHECKING, ClassVar, dataclass_transform

from etl.quoting import listed as listed  # noqa: PLC0414 — said by those who tell of findings, too
from etl.quoting import near as near  # noqa: PLC0414 — said by those who tell of findings, too
from etl.quoting import shown as shown  # noqa: PLC0414 — said by those who tell of findings, too

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

    from etl.records import Place


@dataclass_transform(frozen_default=True)
class Problem:
    """One kind of problem. Subclasses set `code` and say what was found (`error`) and what to do (`remedy`).

    Their docstring says what the problem is; docs/findings.md is made of it (`make docs`). expects: what was expected
    instead, in a few words that may name fields: `at most {most} characters`.

    They behave as frozen dataclasses of what they annotate, and are none: Python writes and compiles six functions for each
    of those, and to do so for eighty kinds took a sixth of the time in which a command begins.
    """

    code: ClassVar[str]
    expects: ClassVar[str] = ""
    types: ClassVar[Mapping[str, str]] = {}
    """The fields in their order, and of what type each is, as it stands in the source."""

    def __init_subclass__(cls) -> None:
        own = {name: said for name, said in cls.__annotations__.items() if not said.startswith("ClassVar")}
        cls.types = {**cls.types, **own}

    def __init__(self, *values: object, **named: object) -> None:
        given = dict(zip(self.types, values, strict=False))
        if len(values) > len(self.types) or given.keys() & named.keys() or named.keys() - self.types.keys():
            raise TypeError(f"{type(self).__name__} has the fields {', '.join(self.types)}, once each")
        given |= named
        for name in self.types:
            if name not in given and not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} needs {name}")
            self.__dict__[name] = given[name] if name in given else getattr(type(self), name)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    @property
    def error(self) -> str:
        """What is wrong, with the value, in one sentence without the place."""
        raise TypeError(f"{type(self).__name__} says nothing about its error")

    @property
    def remedy(self) -> str:
        """What a person can do about it, in one sentence."""
        raise TypeError(f"{type(self).__name__} says nothing about its remedy")

    @property
    def found_value(self) -> str:
        """The value as it stands in the cell or file, whole; "" where there is none or the error is not one of a value."""
        return next((str(getattr(self, name)) for name in ("value", "found", "email") if hasattr(self, name)), "")

    @property
    def expectation(self) -> str:
        """What was expected instead, in a few words."""
        return self.expects.format_map({name: _in_words(value) for name, value in vars(self).items()})


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


# What takes no room on a screen: controls, soft hyphens, zero-width signs (those that join letters of a script only alone).
def _in_words(value: object) -> object:
    """A field as a sentence holds it: lists listed, and nothing for what is not there."""
    if isinstance(value, tuple):
        return listed([str(part) for part in value], 20)
    return "" if value is None else value


# --- cells: any type ---------------------------------------------------------------------------------------------------


class ErrorValue(Problem):
    """A mapped cell holds an error of the spreadsheet instead of a value."""

    code = "error_value"
    expects = "a value"
    value: str

    @property
    def error(self) -> str:
        return f"The cell holds the spreadsheet's error {self.value}, not a value."

    @property
    def remedy(self) -> str:
        return "Mend the formula, or type the value itself."


class FormulaWithoutValue(Problem):
    """A mapped cell holds a formula that was never calculated: programs that write sheets often leave that to Excel."""

    code = "formula_without_value"
    expects = "a formula with the value that it gave"
    formula: str

    @property
    def error(self) -> str:
        return f"The cell holds the formula {shown(self.formula)} and no value: it was never calculated."

    @property
    def remedy(self) -> str:
        return "Open the workbook in Excel or LibreOffice, check the value and save it, or type the value itself."


class EmptyCell(Problem):
    """A cell is empty that the mapping or LeadSquared needs."""

    code = "empty_cell"
    expects = "a value for {target}"
    target: str

    @property
    def error(self) -> str:
        return f"The cell is empty, and {self.target} needs a value."

    @property
    def remedy(self) -> str:
        return "Fill in the cell."


class EmptyKey(Problem):
    """A column that tells rows apart (unique_by) is empty."""

    code = "empty_key"
    expects = "a value of its own for each row"
    header: str

    @property
    def error(self) -> str:
        return f"{shown(self.header)} is empty, and rows are told apart by it."

    @property
    def remedy(self) -> str:
        return "Fill in the cell with the row's own value."


class NothingToChange(Problem):
    """A row of an update in which every cell that could change something is empty."""

    code = "nothing_to_change"
    expects = "at least one value that is to be changed"

    @property
    def error(self) -> str:
        return "This row names an activity and nothing that is to be changed in it."

    @property
    def remedy(self) -> str:
        return "Fill a cell that the mapping sends, or remove the row; an empty cell clears a field under when_empty: clear."


class TooLong(Problem):
    """A text is longer than its target can hold."""

    code = "too_long"
    expects = "at most {most:,} characters"
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


class TextDamaged(Problem):
    """A spreadsheet turned a long number into powers of ten before the text was saved."""

    code = "text_damaged"
    expects = "all digits, as they were typed"
    value: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} was a longer number once: a spreadsheet has shortened it, and digits are lost."

    @property
    def remedy(self) -> str:
        return "Format the column as text in the original, type the whole number again and save."


class TextAsFormula(Problem):
    """A cell of a text file holds a formula that stands for a text; spreadsheets show the text, LeadSquared would the formula."""

    code = "text_as_formula"
    expects = "the text alone"
    value: str
    text: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is a formula in a text file: a spreadsheet shows {shown(self.text)}, LeadSquared would not."

    @property
    def remedy(self) -> str:
        return (
            f"Write {shown(self.text)} alone; or have the program that exports the file leave out the = and the quotes."
        )


class DigitsLost(Problem):
    """A number has more digits than a spreadsheet keeps (15)."""

    code = "digits_lost"
    expects = "all digits, in a cell of text"
    value: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} has more than 15 digits, and a spreadsheet keeps only 15 of a number."

    @property
    def remedy(self) -> str:
        return "Format the cell as text and type all digits again."


class DateInText(Problem):
    """A column sent as text holds a true date, which has no spelling of its own."""

    code = "date_in_text"
    expects = "a text"
    value: str

    @property
    def error(self) -> str:
        return f"{self.value} is a true date of the spreadsheet, and the mapping sends this column as text."

    @property
    def remedy(self) -> str:
        return "Set type: date, time or datetime for this column in the mapping, or format the cell as text."


class NoteToken(Problem):
    """A note contains signs that LeadSquared reads as a command."""

    code = "note_token"
    expects = "a note without {token}"
    token: str

    @property
    def error(self) -> str:
        return f"The note contains {self.token}, which LeadSquared reads as a command and not as text."

    @property
    def remedy(self) -> str:
        return f"Take {self.token} out of the note."


class NoteHtml(Problem):
    """A note contains a tag of HTML."""

    code = "note_html"
    expects = "a note without HTML"
    tag: str

    @property
    def error(self) -> str:
        return f"The note contains {shown(self.tag)}, which is HTML: LeadSquared may refuse it or show it as something else."

    @property
    def remedy(self) -> str:
        return f"Take {shown(self.tag)} out of the note, or put a space behind its <."


# --- cells: numbers, booleans, choices ---------------------------------------------------------------------------------


class NumberFormat(Problem):
    """A cell of a number column does not hold a number that can be read in one way only.

    meant, setting: the number that it would be, and the mapping's words that would make it so.
    """

    code = "number_format"
    expects = "a number that can be read in one way only"
    value: str
    meant: str | None = None
    setting: str | None = None

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is not a number that can be read in one way only."

    @property
    def remedy(self) -> str:
        if self.meant is not None:
            return (
                f"If it means {self.meant}, write {self.setting} for this column in the mapping; else type plain digits with "
                "a point before the decimals."
            )
        return "Type plain digits with a point before the decimals, like 1500.50."


class PercentUnclear(Problem):
    """A percentage, and the mapping does not say whether it is sent as a fraction or in points."""

    code = "percent_unclear"
    expects = "a number that can be read in one way only"
    value: str
    fraction: str
    points: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} can be sent as {self.fraction} and as {self.points}."

    @property
    def remedy(self) -> str:
        return (
            f"Write percent: fraction ({self.fraction}), percent: points ({self.points}) or percent: as_shown "
            f"({self.points}%) for this column in the mapping."
        )


class CurrenciesMixed(Problem):
    """Amounts in different currencies stand in one column of numbers, of which LeadSquared would get the digits alone.

    first, second: their codes.
    """

    code = "currencies_mixed"
    expects = "amounts in one currency, or the mapping's word that several are meant"
    example: str
    other: str
    first: str
    second: str

    @property
    def error(self) -> str:
        return (
            f"Amounts in {self.first} (like {shown(self.example)}) and in {self.second} (like {shown(self.other)}) stand in this "
            "column, and only their digits would be sent."
        )

    @property
    def remedy(self) -> str:
        return (
            f"Write currency: {self.first} for this column in the mapping, to have the others told row by row, or currency: "
            f"[{self.first}, {self.second}] if the digits alone are meant; nothing of this file was sent."
        )


class OtherCurrency(Problem):
    """An amount in another currency than the mapping names for its column."""

    code = "other_currency"
    expects = "an amount in {known}"
    value: str
    found_currency: str
    known: tuple[str, ...]

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is an amount in {self.found_currency}, and this column holds {listed(self.known)}."

    @property
    def remedy(self) -> str:
        return "Type the amount in that currency, or name both under currency in the mapping if the digits alone are meant."


class OutOfBounds(Problem):
    """A number, date or time outside the bounds that the mapping sets. least, most: with what `now` means."""

    code = "out_of_bounds"
    expects = "a value within the bounds of the mapping"
    value: str
    least: str
    most: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} does not lie between {self.least} and {self.most}."

    @property
    def remedy(self) -> str:
        return "Correct the cell, or the bounds under between in the mapping."


class NotWhole(Problem):
    """A column of whole numbers holds one with decimals."""

    code = "not_whole"
    expects = "a whole number"
    value: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is not a whole number."

    @property
    def remedy(self) -> str:
        return "Type a whole number, or set type: number in the mapping."


class BooleanWord(Problem):
    """A yes-or-no column holds another word."""

    code = "boolean_word"
    expects = "one of: {known}"
    value: str
    known: tuple[str, ...]

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is neither yes nor no."

    @property
    def remedy(self) -> str:
        return f"Type one of: {listed(self.known)}."


class ChoiceUnknown(Problem):
    """A cell holds none of the options of its column."""

    code = "choice_unknown"
    expects = "one of: {known}"
    value: str
    known: tuple[str, ...]
    nearest: str | None = None

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is none of the options of this column.{near(self.nearest)}"

    @property
    def remedy(self) -> str:
        return f"Type one of: {listed(self.known)}."


class GuidFormat(Problem):
    """A cell does not hold a LeadSquared id."""

    code = "guid_format"
    expects = "a LeadSquared id, like 0f8fad5b-d9cb-469f-a165-70867728950e"
    value: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is no LeadSquared id."

    @property
    def remedy(self) -> str:
        return "Copy the whole id, like 0f8fad5b-d9cb-469f-a165-70867728950e."


# --- cells: dates and times --------------------------------------------------------------------------------------------


class DateFormat(Problem):
    """A text is not the date, time or date-time that its format describes.

    kind: "date", "time" or "date and time". typed_as: the format as a person types it. impossible: written
    rightly, but the calendar or the clock has no such value.
    """

    code = "date_format"
    expects = "a {kind} written as {typed_as}"
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


class DateAmbiguous(Problem):
    """A text fits two formats of its column, with different results."""

    code = "date_ambiguous"
    expects = "a date that only one format of the mapping fits"
    value: str
    readings: tuple[str, str]

    @property
    def error(self) -> str:
        return f"{shown(self.value)} can be read as {self.readings[0]} and as {self.readings[1]}."

    @property
    def remedy(self) -> str:
        return "Type it in the form that only one format of the mapping allows, or leave one format in the mapping."


class NotADate(Problem):
    """A date column holds a bare number, or yes or no. would_be: what a spreadsheet would show it as."""

    code = "not_a_date"
    expects = "a {kind}"
    value: str
    kind: str
    would_be: str | None = None

    @property
    def error(self) -> str:
        guess = f"; a spreadsheet would show it as {self.would_be}" if self.would_be else ""
        return f"{shown(self.value)} is a bare number or word of the spreadsheet, not a {self.kind}{guess}."

    @property
    def remedy(self) -> str:
        return f"Format the cell as a {self.kind} in the spreadsheet and check what it shows."


class TimeMissing(Problem):
    """A date-time column holds only a day, though its format has a time of day."""

    code = "time_missing"
    expects = "a date with a time of day"
    value: str

    @property
    def error(self) -> str:
        return f"{self.value} has no time of day."

    @property
    def remedy(self) -> str:
        return "Type the time as well, after the date."


class DateMissing(Problem):
    """A date or date-time column holds only a time of day."""

    code = "date_missing"
    expects = "a date, and a time of day where the column has one"
    value: str

    @property
    def error(self) -> str:
        return f"{self.value} is a time of day without a date."

    @property
    def remedy(self) -> str:
        return "Type the date as well, before the time."


class TooPrecise(Problem):
    """A date or time column holds a full date-time, of which one half would be lost."""

    code = "too_precise"
    expects = "a {kind} alone"
    value: str
    kind: str

    @property
    def error(self) -> str:
        return f"{self.value} is a date with a time of day; this column is sent as a {self.kind}."

    @property
    def remedy(self) -> str:
        return f"Leave only the {self.kind} in the cell, or set type: datetime in the mapping."


class TimeSkipped(Problem):
    """A local time that the clock jumped over when summer time began."""

    code = "time_skipped"
    expects = "a time that the clocks of {zone} showed"
    value: str
    zone: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} does not exist in {self.zone}: clocks were put forward over it."

    @property
    def remedy(self) -> str:
        return "Correct the time."


class TimeTwice(Problem):
    """A local time that came twice when summer time ended."""

    code = "time_twice"
    expects = "a time that the clocks of {zone} showed once"
    value: str
    zone: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} came twice in {self.zone}: clocks were put back over it."

    @property
    def remedy(self) -> str:
        return "Correct the time, or type all times with their offset and add %z to the format in the mapping."


class YearOutOfRange(Problem):
    """A date-time whose UTC form lies before the year 1 or after 9999."""

    code = "year_out_of_range"
    expects = "a year from 1 to 9999"
    value: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} lies outside the years 1 to 9999."

    @property
    def remedy(self) -> str:
        return "Correct the year."


class EarlyDate(Problem):
    """A true date before March 1900, where spreadsheet programs count days differently."""

    code = "early_date"
    expects = "a day from 1 March 1900 on"
    value: str

    @property
    def error(self) -> str:
        return (
            f"{self.value} is a spreadsheet's date before 1900-03-01: Excel counts a 29 February 1900 that never was, so it "
            "may be a day off."
        )

    @property
    def remedy(self) -> str:
        return "Check the year. If it is right, format the cell as text and type the date again."


class DatesMixed(Problem):
    """True dates with days up to 12 stand beside texts with days above 12: day and month were swapped while typing."""

    code = "dates_mixed"
    expects = "dates of one kind in the whole column"
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


class EmailFormat(Problem):
    """A cell does not hold an e-mail address."""

    code = "email_format"
    expects = "one e-mail address"
    value: str
    reason: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is no e-mail address: {self.reason}"

    @property
    def remedy(self) -> str:
        return "Correct the address; one cell holds one address."


class PhoneFormat(Problem):
    """A cell does not hold a phone number that exists in its region."""

    code = "phone_format"
    expects = "one phone number with all its digits"
    value: str
    region: str | None

    @property
    def error(self) -> str:
        return f"{shown(self.value)} is no phone number{f' of {self.region}' if self.region else ''}."

    @property
    def remedy(self) -> str:
        return "Type one number with all its digits, like +91 98765 43210."


class PhoneRegion(Problem):
    """A phone number without its country code, and the mapping names no region."""

    code = "phone_region"
    expects = "a phone number with + and its country code"
    value: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} has no country code."

    @property
    def remedy(self) -> str:
        return "Type it with + and the country code, or set region (like IN) for this column in the mapping."


class TooManyNumbers(Problem):
    """A cell holds more phone numbers than the mapping has targets for."""

    code = "too_many_numbers"
    expects = "as many phone numbers as the mapping takes"
    value: str
    numbers: int
    targets: tuple[str, ...]

    @property
    def error(self) -> str:
        return f"{shown(self.value)} holds {self.numbers} numbers, and there are targets for {len(self.targets)}."

    @property
    def remedy(self) -> str:
        return f"Leave the most important ones in the cell, or add a target after {self.targets[-1]} in the mapping."


class TranslationRefused(Problem):
    """What stands for a value in the translation file is itself no value of its column."""

    code = "translation_refused"
    expects = "a value that this column can be sent as"
    value: str
    use: str
    file: str
    reason: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} stands for {shown(self.use)} by {self.file}, which cannot be sent: {self.reason}"

    @property
    def remedy(self) -> str:
        return f'Correct "use this" of {shown(self.value)} in {self.file}.'


class LookupMissing(Problem):
    """A name that the lookup file has no value for."""

    code = "lookup_missing"
    expects = "a name that {file} has a value for"
    value: str
    file: str
    nearest: str | None = None

    @property
    def error(self) -> str:
        return f"{self.file} has no value for {shown(self.value)}.{near(self.nearest)}"

    @property
    def remedy(self) -> str:
        return f"Correct the name, or add it to {self.file}."


class LookupAmbiguous(Problem):
    """A name that the lookup file gives two different values for."""

    code = "lookup_ambiguous"
    expects = "a name that {file} has one value for"
    value: str
    file: str
    matches: tuple[str, ...]

    @property
    def error(self) -> str:
        return f"{self.file} has several values for {shown(self.value)}: {listed(self.matches)}."

    @property
    def remedy(self) -> str:
        return f"Leave one of them in {self.file}, or make the names differ."


# --- the file as a whole ----------------------------------------------------------------------------------------------


class UndecodableByte(Problem):
    """A byte of a text file that does not belong to the encoding of the rest. It is never replaced by a question mark.

    line: of the file, from 1. verdict: what it is not, as the second half of a sentence.
    """

    code = "undecodable_byte"
    expects = "bytes of one encoding in the whole file"
    value: str
    line: int
    verdict: str
    advice: str

    @property
    def error(self) -> str:
        return f"The byte {self.value} {self.verdict}."

    @property
    def remedy(self) -> str:
        return self.advice


class EncodingUnclear(Problem):
    """The letters of a text file could be read by two code pages, with different results. readings: text and code page."""

    code = "encoding_unclear"
    expects = "UTF-8, or an encoding that the mapping names"
    line: int
    readings: tuple[str, ...]

    @property
    def error(self) -> str:
        return f"The file is not UTF-8, and its letters can be read in several ways: {listed(self.readings)}."

    @property
    def remedy(self) -> str:
        return (
            'Set encoding under input in the mapping to the one that is right, or save the file as "CSV UTF-8"; in the '
            "program that made it the letters look right."
        )


class NulCharacter(Problem):
    """A text file holds a NUL character, which no text has."""

    code = "nul_character"
    expects = "text"
    line: int

    @property
    def error(self) -> str:
        return "There is a NUL character, which no text file has."

    @property
    def remedy(self) -> str:
        return (
            'The file may be damaged, or in UTF-16 without its mark: export it again as "CSV UTF-8", or set encoding '
            "under input in the mapping, like utf-16-le."
        )


# --- rows and columns of a file ----------------------------------------------------------------------------------------


class LineageDamaged(Problem):
    """A line of our own file whose etl_run or etl_row was changed: it cannot be told which row it was."""

    code = "lineage_damaged"
    expects = "the numbers that etl wrote in etl_run and etl_row, or none"
    run: str
    row: str

    @property
    def error(self) -> str:
        return f"etl_run {shown(self.run)} and etl_row {shown(self.row)} do not tell which row this line was."

    @property
    def remedy(self) -> str:
        return "Restore both from the original results file, or clear both if this is a new row."


class CorrectedTwice(Problem):
    """A cell was corrected both in the sheet of rows and in "To correct", each time to something else."""

    code = "corrected_twice"
    expects = "what stands in {other}, or nothing but what etl wrote in one of both"
    value: str
    other: str
    other_value: str

    @property
    def error(self) -> str:
        return f"{shown(self.value)} was typed here, and {shown(self.other_value)} into {self.other}, for the same row."

    @property
    def remedy(self) -> str:
        return "Decide which one is right, and type it into both cells."


class CorrectionWithoutRow(Problem):
    """A corrected line of "To correct" whose row the sheet of rows does not have: it cannot be told what it belongs to."""

    code = "correction_without_row"
    expects = "the etl_row and etl_run of a line in the sheet of rows"
    row: str
    run: str

    @property
    def error(self) -> str:
        of_run = f" and etl_run {shown(self.run)}" if self.run else ""
        return f"This line was corrected, and no line of the sheet of rows has its etl_row {shown(self.row)}{of_run}."

    @property
    def remedy(self) -> str:
        return (
            "Restore the line there, or etl_row and etl_run here, from the results as etl wrote them (etl results RUN)."
        )


class AddedToCorrections(Problem):
    """A line with values in "To correct" that names no row: that sheet only corrects lines that are there."""

    code = "added_to_corrections"
    expects = "the etl_row of a line in the sheet of rows"

    @property
    def error(self) -> str:
        return "This line has values and no etl_row, so it corrects no row."

    @property
    def remedy(self) -> str:
        return "A new row belongs into the sheet of rows, with its etl_ columns left empty; else clear these cells."


class ColumnMissing(Problem):
    """A column that the mapping names is not in the file."""

    code = "column_missing"
    expects = "the header {wanted}"
    wanted: str
    present: tuple[str, ...]
    nearest: str | None = None

    @property
    def error(self) -> str:
        return f"There is no column {shown(self.wanted)}.{near(self.nearest)}"

    @property
    def remedy(self) -> str:
        return f"Correct the header or the mapping; the file has: {listed(self.present, 30)}."


class ColumnTwice(Problem):
    """A column that the mapping names is there more than once."""

    code = "column_twice"
    expects = "the header {wanted} once"
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


class ActivitiesThatAreThere(Problem):
    """A file that etl wrote of activities in LeadSquared, under a mapping that adds. column: by which it is known."""

    code = "activities_that_are_there"
    expects = "operation: update, or a file without the column {column}"
    column: str
    operation: str

    @property
    def error(self) -> str:
        return (
            f"Each line is an activity that LeadSquared has: the column {self.column} stands in files that etl fetch and "
            f"etl results --for update write. The operation {self.operation} would add new activities, so that each "
            "corrected line is there twice."
        )

    @property
    def remedy(self) -> str:
        return (
            "To correct the activities, take a mapping with operation: update, like mappings/update_visits.yaml. To add "
            f"new ones all the same, delete the column {self.column} from the file."
        )


# --- what a sheet hides or merges --------------------------------------------------------------------------------------


class RowHidden(Problem):
    """A row that the sheet does not show, where the mapping says that there must be none."""

    code = "row_hidden"
    expects = "a row that the sheet shows"

    @property
    def error(self) -> str:
        return "The sheet does not show this row: it is hidden, or filtered away."

    @property
    def remedy(self) -> str:
        return "Show the row or delete it, or set hidden under input in the mapping to include or skip."


class HiddenRows(Problem):
    """Rows that the sheet does not show, and a mapping that does not say whether they count."""

    code = "hidden_rows"
    expects = "hidden: include, skip or error under input in the mapping"
    count: int
    first: tuple[str, ...]

    @property
    def error(self) -> str:
        return (
            f"The sheet does not show {self.count:,} of its rows, because they are hidden or filtered away: "
            f"{listed(self.first, 5)}."
        )

    @property
    def remedy(self) -> str:
        return (
            "Say under input in the mapping whether they are meant: hidden: include imports them, hidden: skip leaves them "
            "out, hidden: error makes each of them a finding."
        )


class MergedCells(Problem):
    """Merged cells in a mapped column, whose value stands in one row or column only."""

    code = "merged_cells"
    expects = "a value in each cell"
    header: str
    count: int
    first: tuple[str, ...]

    @property
    def error(self) -> str:
        ranges = "Cells are merged" if self.count == 1 else f"Cells are merged in {self.count:,} places"
        return (
            f"{ranges} in {shown(self.header)} ({listed(self.first, 5)}): a person sees one value for all of them, and only "
            "the first one holds it."
        )

    @property
    def remedy(self) -> str:
        return (
            "Say under input in the mapping what the others hold: merged: fill gives each the value of the first, merged: "
            "empty leaves them empty."
        )


# --- the mapping file --------------------------------------------------------------------------------------------------


class NotYaml(Problem):
    """The mapping is not YAML."""

    code = "not_yaml"
    expects = "YAML"
    reason: str

    @property
    def error(self) -> str:
        return f"This is not YAML: {self.reason}."

    @property
    def remedy(self) -> str:
        return "Correct the line; indent with spaces, and put texts with : # @ % { [ in double quotes."


class NotAMapping(Problem):
    """The file is no mapping as a whole: missing, empty, too large, or not UTF-8 text."""

    code = "not_a_mapping"
    expects = "a mapping file"
    reason: str

    @property
    def error(self) -> str:
        return f"This is no mapping: {self.reason}."

    @property
    def remedy(self) -> str:
        return "Start from one of the examples in mappings/, saved as UTF-8 text."


class DuplicateKey(Problem):
    """A key stands twice in one place of the mapping."""

    code = "duplicate_key"
    expects = "each key once"
    key: str
    first_line: int

    @property
    def error(self) -> str:
        return f"{shown(self.key)} stands here a second time; the first is in line {self.first_line}."

    @property
    def remedy(self) -> str:
        return "Remove one of the two."


class UnknownKey(Problem):
    """A key that mappings do not have at this place."""

    code = "unknown_key"
    expects = "one of: {known}"
    key: str
    known: tuple[str, ...]
    nearest: str | None = None

    @property
    def error(self) -> str:
        return f"Unknown key {shown(self.key)}.{near(self.nearest)}"

    @property
    def remedy(self) -> str:
        return f"Correct or remove it; known here: {listed(self.known, 30)}."


class MissingKey(Problem):
    """A key that this place of the mapping needs."""

    code = "missing_key"
    expects = "a line {key}: …"
    key: str
    reason: str = ""

    @property
    def error(self) -> str:
        return f"{shown(self.key)} is missing{f': {self.reason}' if self.reason else ''}."

    @property
    def remedy(self) -> str:
        return f"Add a line {self.key}: …"


class WrongValue(Problem):
    """A value of the mapping is not of the kind that its key takes."""

    code = "wrong_value"
    expects = "{expected}"
    found: str
    expected: str
    nearest: str | None = None

    @property
    def error(self) -> str:
        return f"Found {self.found}, expected {self.expected}.{near(self.nearest)}"

    @property
    def remedy(self) -> str:
        return "Correct the value."


class NoValue(Problem):
    """A key of the mapping without a value, or with YAML's word for nothing."""

    code = "no_value"
    expects = "a value"
    found: str

    @property
    def error(self) -> str:
        return f"There is no value here{f', only {self.found}' if self.found else ''}."

    @property
    def remedy(self) -> str:
        return "Write a value, in quotes if this very text is meant, or remove the line."


class UnknownTarget(Problem):
    """A target that is no name of LeadSquared's."""

    code = "unknown_target"
    expects = "a name of LeadSquared's, like SearchByValue or mx_Custom_1"
    target: str
    nearest: str | None = None

    @property
    def error(self) -> str:
        return f"{shown(self.target)} is no target.{near(self.nearest)}"

    @property
    def remedy(self) -> str:
        return "Use SearchByValue, ActivityNote, mx_Custom_1 and so on, spelled exactly as LeadSquared does."


class TargetNotSent(Problem):
    """A target that the mapping's operation cannot send."""

    code = "target_not_sent"
    expects = "one of: {sends} and mx_Custom_N"
    target: str
    operation: str
    sends: tuple[str, ...]

    @property
    def error(self) -> str:
        return f"{self.operation} cannot send {self.target}."

    @property
    def remedy(self) -> str:
        return f"Remove it; this operation sends: {listed(self.sends)} and mx_Custom_N."


class TargetTwice(Problem):
    """Two entries of the mapping fill the same target."""

    code = "target_twice"
    expects = "{target} once"
    target: str
    first: str

    @property
    def error(self) -> str:
        return f"{self.target} is filled twice; the first time by {self.first}."

    @property
    def remedy(self) -> str:
        return "Remove one of the two, or use first_of or join under values."


class TargetMissing(Problem):
    """A target that every row of the operation needs, and nothing fills it."""

    code = "target_missing"
    expects = "a column for {target}"
    target: str
    operation: str

    @property
    def error(self) -> str:
        return f"No column fills {self.target}, and {self.operation} needs it in every row."

    @property
    def remedy(self) -> str:
        return f"Map a column to {self.target}."


class OptionUnused(Problem):
    """An option that means nothing beside the type or operation it stands with."""

    code = "option_unused"
    expects = "options that mean something for {beside}"
    option: str
    beside: str

    @property
    def error(self) -> str:
        return f"{self.option} means nothing for {self.beside}."

    @property
    def remedy(self) -> str:
        return f"Remove {self.option}, or correct what it belongs to."


class TypeFixed(Problem):
    """A type given to a target whose type LeadSquared fixes."""

    code = "type_fixed"
    expects = "no type"
    target: str
    type: str

    @property
    def error(self) -> str:
        return f"{self.target} is always of type {self.type}."

    @property
    def remedy(self) -> str:
        return "Remove the type."


class ValueRefused(Problem):
    """A fixed value of the mapping that its own target refuses."""

    code = "value_refused"
    expects = "a value that its target takes"
    reason: str

    @property
    def error(self) -> str:
        return f"This value cannot be sent: {self.reason}"

    @property
    def remedy(self) -> str:
        return "Correct the value in the mapping."


class BaseUnusable(Problem):
    """A mapping that extends a file that is not there, or that extends it in turn."""

    code = "base_unusable"
    expects = "a mapping file that does not extend this one"
    file: str
    reason: str

    @property
    def error(self) -> str:
        return f"This mapping cannot extend {shown(self.file)}: {self.reason}."

    @property
    def remedy(self) -> str:
        return "Name a mapping file, looked for beside this one, that does not extend this one."


class LookupFileMissing(Problem):
    """A lookup file that is not there."""

    code = "lookup_file_missing"
    expects = "a file {file} beside the mapping"
    file: str

    @property
    def error(self) -> str:
        return f"There is no file {self.file}."

    @property
    def remedy(self) -> str:
        return "Correct the path; it is looked for beside the mapping file."


# --- the mapping beside what the account has ---------------------------------------------------------------------------


class ActivityTypeMissing(Problem):
    """The account lists no activity type of this number. named: the number of the type with the mapping's name, if any."""

    code = "activity_type_missing"
    expects = "the number of an activity type of this account"
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


class ActivityTypeName(Problem):
    """The activity type of this number has another name in this account than the mapping says."""

    code = "activity_type_name"
    expects = "the number and name of one activity type"
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


class FieldMissing(Problem):
    """A target that the account does not have. place: "activity type 320" or "its leads"."""

    code = "field_missing"
    expects = "a field that this account has"
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


class FieldType(Problem):
    """A field that is of another kind in the account than what the mapping sends."""

    code = "field_type"
    expects = "a field that takes what the mapping sends"
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


class FieldLength(Problem):
    """A field that holds less in the account than the mapping allows."""

    code = "field_length"
    expects = "max_length: {holds} or less"
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


class FieldMandatory(Problem):
    """A field that the account wants in every activity of the type, and the mapping does not fill."""

    code = "field_mandatory"
    expects = "a column or a constant for {target}"
    target: str
    display_name: str

    @property
    def error(self) -> str:
        return f"{self.target} ({shown(self.display_name)}) is mandatory in LeadSquared, and no column fills it."

    @property
    def remedy(self) -> str:
        return "Map a column or a constant to it; LeadSquared may refuse every row without it."


class OptionMissing(Problem):
    """A value of the mapping that is no option of its dropdown in the account; upper and lower case count."""

    code = "option_missing"
    expects = "one of: {known}"
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


class OwnerUnknown(Problem):
    """An owner who is no active user of the account."""

    code = "owner_unknown"
    expects = "the e-mail address of an active user"
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


class LeadUnnamed(Problem):
    """A row that tells nothing by which its lead could be found."""

    code = "lead_unnamed"
    expects = "a value in at least one of: {columns}"
    columns: tuple[str, ...]

    @property
    def error(self) -> str:
        return f"Nothing tells whose activity this is: {listed(self.columns)} {'are' if len(self.columns) > 1 else 'is'} empty."

    @property
    def remedy(self) -> str:
        return f"Fill in {'one of them' if len(self.columns) > 1 else 'the cell'}."


class LeadMissing(Problem):
    """LeadSquared has no lead with what the row knows of it. known_by: as `Phone "+919876543210"`."""

    code = "lead_missing"
    expects = "a lead that LeadSquared has"
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


class LeadAmbiguous(Problem):
    """Several leads fit what the row knows. candidates: their ids, with names where LeadSquared shows them."""

    code = "lead_ambiguous"
    expects = "one lead"
    known_by: tuple[str, ...]
    candidates: tuple[str, ...]

    @property
    def error(self) -> str:
        return f"LeadSquared has several leads with {' or '.join(self.known_by)}: {listed(self.candidates, 10)}."

    @property
    def remedy(self) -> str:
        return "Merge them in LeadSquared if they are one, or leave in the row only what the right one has; then run it again."
