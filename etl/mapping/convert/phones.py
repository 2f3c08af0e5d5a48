"""Phone numbers: those that exist, in the form the mapping asks for, also where a cell holds more than one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etl.findings import PhoneFormat, PhoneRegion, Problem, TextDamaged
from etl.mapping.convert.cells import read_as_text
from etl.mapping.convert.text import damaged
from etl.mapping.target_rules import PhoneForm

if TYPE_CHECKING:
    from collections.abc import Callable

    import phonenumbers

    from etl.mapping.convert.cells import ColumnRules, Reads
    from etl.mapping.target_rules import Several

_PHONE_SIGNS = re.compile(r"[0-9+()\s.\u00a0\u2010-\u2015-]+")


def _forms() -> dict[PhoneForm, Callable[[phonenumbers.PhoneNumber, str], str]]:
    import phonenumbers  # noqa: PLC0415 — takes a while to load, and few mappings have phones

    return {
        PhoneForm.E164: lambda number, _: phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        # LeadSquared: stored numbers read +CC-NNNNNNNNNN
        PhoneForm.LEADSQUARED: lambda number, _: (
            f"+{number.country_code}-{phonenumbers.national_significant_number(number)}"
        ),
        PhoneForm.AS_TYPED: lambda _, typed: typed,
    }


def countries() -> frozenset[str]:
    """The countries that phone numbers are known of, in two capital letters."""
    import phonenumbers  # noqa: PLC0415 — as above

    return frozenset(phonenumbers.SUPPORTED_REGIONS)


class FirstOfSeveral(str):
    """The number that was taken from a cell with others, which were left out."""

    __slots__ = ()


def phone(rules: ColumnRules) -> Reads:
    """One number that exists, in the form the mapping asks for; of several in a cell the first one."""
    region, form, several = rules.rule.region, _forms()[rules.rule.form], rules.rule.several

    def read(text: str) -> str | Problem:
        typed = text.strip()
        number = _parsed(typed, region)
        return number if isinstance(number, Problem) else form(number, typed)

    def read_first(text: str) -> str | Problem:
        parts = numbers_in(text, several) if several else ()
        if len(parts) < 2:
            return read(parts[0] if parts else text)
        numbers = [_parsed(part, region) for part in parts]
        for part, number in zip(parts, numbers, strict=True):
            if not isinstance(number, Problem):
                sent = form(number, part)
                return sent if all(one == number for one in numbers) else FirstOfSeveral(sent)
        return PhoneFormat(text.strip(), region)

    return read_as_text(read_first if several else read)


def numbers_in(text: str, several: Several) -> tuple[str, ...]:
    """The parts of a cell between its separators, without white space at their ends; empty ones left out."""
    for separator in several.split[1:]:
        text = text.replace(separator, several.split[0])
    return tuple(part for piece in text.split(several.split[0]) if (part := piece.strip()))


def _parsed(typed: str, region: str | None) -> phonenumbers.PhoneNumber | Problem:
    import phonenumbers  # noqa: PLC0415 — as above

    if damaged(typed):
        return TextDamaged(typed)
    # 030 901820/21 is two numbers; the library would make one of them
    if not _PHONE_SIGNS.fullmatch(typed):
        return PhoneFormat(typed, region)
    if region is None and not typed.startswith("+"):
        return PhoneRegion(typed)
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        return PhoneFormat(typed, region)
    return number if phonenumbers.is_valid_number(number) else PhoneFormat(typed, region)
