"""What one target takes from its cells and what becomes of others, in sentences."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from etl.findings import listed, shown
from etl.mapping.convert.typed_format import TypedFormat
from etl.mapping.model import lookup_of, most_characters, type_of, when_empty
from etl.mapping.target_rules import PercentForm, PhoneForm, UseValue, ValueRule
from etl.mapping.targets import FIELD_LENGTH, NOTE_LENGTH, FieldType, length_limit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.mapping.model import MappedTarget, Mapping
    from etl.mapping.target_rules import Conversion

USUALLY = (
    "Where nothing else is said: an empty cell leaves its field out, and a text of more than "
    f"{FIELD_LENGTH} characters (a note: {NOTE_LENGTH:,}) keeps its row from being sent."
)
_EXAMPLE = datetime(2026, 1, 31, 18, 30)  # noqa: DTZ001 — what a cell holds has no zone
_LONG_TEXTS = frozenset({FieldType.TEXT, FieldType.CHOICE, FieldType.MULTICHOICE, FieldType.EMAIL})
_PHONES = {
    PhoneForm.E164: "sent like +919876543210",
    PhoneForm.LEADSQUARED: "sent like +91-9876543210",
    PhoneForm.AS_TYPED: "sent as it is typed",
}
_PERCENT = {PercentForm.AS_SHOWN: "15%", PercentForm.FRACTION: "0.15", PercentForm.POINTS: "15"}
_MOST_OPTIONS = 12


def source_in_words(mapped: MappedTarget) -> str:
    """What fills a target: a column, or several of them."""
    rule = mapped.rule
    if not isinstance(rule, ValueRule):
        column = f"column {mapped.letter}" if mapped.letter else (mapped.header or "")
        nth = "" if mapped.nth is None else f" (number {mapped.nth + 1} in the cell)"
        return f"{column}{nth}"
    if rule.text:
        return f"the text {shown(rule.text)}"
    if rule.join:
        return " and ".join(rule.join) + " together"
    if rule.first_of:
        return f"the first of {', '.join(rule.first_of)} that is not empty"
    return f"always {shown(rule.constant)}"


def cells_in_words(mapping: Mapping, mapped: MappedTarget) -> tuple[str, ...]:
    """What is taken and how it is sent; what becomes of empty and too long ones where that is not as USUALLY says."""
    return tuple(_sentences(mapping, mapped))


def _sentences(mapping: Mapping, mapped: MappedTarget) -> Iterator[str]:
    rule = mapped.rule
    is_constant = isinstance(rule, ValueRule) and rule.constant is not None
    if not is_constant:
        if lookup := lookup_of(rule):
            yield f"Its cell is looked up in {lookup} first; what stands beside it there is taken."
        yield f"{_taken(mapping, mapped)}."
        if rule.between:
            yield f"Only from {rule.between[0]} to {rule.between[1]}; a row with anything else is not sent."
        if emptied := _if_empty(mapping, mapped):
            yield emptied
    if type_of(mapping, mapped.target, rule) in _LONG_TEXTS and not rule.options and not is_constant:
        most = most_characters(mapped.target, rule)
        if rule.when_too_long == "cut":
            yield f"A text of more than {most:,} characters is cut there."
        elif most != length_limit(mapped.target):
            yield f"With more than {most:,} characters the row is not sent."
    if aliases := getattr(rule, "aliases", ()):
        yield f"The column may also be called {listed([shown(one) for one in aliases])}."


def _taken(mapping: Mapping, mapped: MappedTarget) -> str:
    """What the cells are, and what goes out."""
    rule, kind = mapped.rule, type_of(mapping, mapped.target, mapped.rule)
    match kind:
        case FieldType.TEXT:
            return "Taken as it stands; zeros in front stay"
        case FieldType.INTEGER | FieldType.NUMBER:
            return _number(mapping, rule, "A whole number" if kind is FieldType.INTEGER else "A number")
        case FieldType.BOOLEAN:
            words = rule.words
            yes, no = (words.yes, words.no) if words else (("yes", "true", "1"), ("no", "false", "0"))
            return f"Yes or no: {', '.join(yes)} is sent as true, {', '.join(no)} as false"
        case FieldType.DATE | FieldType.TIME | FieldType.DATETIME:
            return _moment(mapping, rule, kind)
        case FieldType.EMAIL:
            return "An e-mail address"
        case FieldType.PHONE:
            return _phone(rule)
        case FieldType.CHOICE:
            return f"One of: {_options(rule)}. A row with any other value is not sent"
        case FieldType.MULTICHOICE:
            which = f", each one of: {_options(rule)}" if rule.options else ""
            return f"Several values with {shown(rule.separator)} between them{which}"
        case FieldType.GUID:
            return "An id of LeadSquared, like 08a10806-99c4-568f-ad9b-3fd781df83f5"


def _number(mapping: Mapping, rule: Conversion, what: str) -> str:
    decimal = rule.decimal or mapping.input.decimal
    example = "₹ 1.500,50 is sent as 1500.5" if decimal == "," else "₹ 1,500.50 is sent as 1500.5"
    if what == "A whole number":
        example = "1.500 is sent as 1500" if decimal == "," else "1,500 is sent as 1500"
    said = f"{what}: {example}"
    if rule.percent:
        said += f"; 15% is sent as {_PERCENT[rule.percent]}"
    return said + (f"; below zero also as {', '.join(rule.negative)}".replace("_", " ") if rule.negative else "")


def _moment(mapping: Mapping, rule: Conversion, kind: FieldType) -> str:
    what, iso, own = {
        FieldType.DATE: ("A date", "yyyy-mm-dd", "a true date of the spreadsheet"),
        FieldType.TIME: ("A time of day", "hh:mm", "a true time of the spreadsheet"),
    }.get(kind, ("A date and time", "yyyy-mm-dd hh:mm", "a true date of the spreadsheet"))
    formats = [TypedFormat.of(text) for text in rule.format]
    typed = " or ".join(f"{one.typed_as} ({_example(one)})" for one in formats) or iso
    said = f"{what} typed as {typed}, or {own}"
    if kind is FieldType.DATETIME:
        return f"{said}, read by the clock of {mapping.input.time_zone}; sent in UTC"
    return said


def _example(form: TypedFormat) -> str:
    """The last of January 2026, half past six in the evening, as this format has it."""
    is_clock = form.has_time and not form.has_date
    written = form.write(_EXAMPLE.time()) if is_clock else _EXAMPLE.strftime(form.text.replace("%z", "+05:30"))
    return written or ""


def _phone(rule: Conversion) -> str:
    where = f"; one without + is of {rule.region}" if rule.region else "; each needs a + and its country"
    said = f"A phone number that can exist{where}; {_PHONES[rule.form]}"
    if rule.several is not None:
        takes = "the first that exists is taken" if rule.several.take == "first" else "each has its own target"
        said += f". Where {' or '.join(map(shown, rule.several.split))} stands between several numbers, {takes}"
    return said


def _options(rule: Conversion) -> str:
    pairs = [typed if typed == sent else f"{typed} (sent as {sent})" for typed, sent in (rule.options or {}).items()]
    return listed(pairs, _MOST_OPTIONS)


def _if_empty(mapping: Mapping, mapped: MappedTarget) -> str | None:
    """What becomes of an empty cell, where it is not just left out."""
    declared = when_empty(mapping, mapped.target, mapped.rule)
    if isinstance(declared, UseValue):
        return f"Where it is empty, {shown(declared.use)} is sent."
    return {
        "omit": None,
        "clear": "Where it is empty, the field is cleared in LeadSquared.",
        "error": "A row without it is not sent.",
    }[declared]
