"""Text: sent as it stands; what a spreadsheet has already damaged is a finding."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etl.findings import NoteHtml, NoteToken, Problem, TextAsFormula, TextDamaged
from etl.mapping.convert.cells import read_as_text
from etl.mapping.targets import NOTE

if TYPE_CHECKING:
    from etl.mapping.convert.cells import ColumnRules, Reads

_DAMAGED = re.compile(r"\s*[+-]?[0-9](\.[0-9]+)?E[+-][0-9]{2,3}\s*")
"""As spreadsheets write a long number in a narrow column; a person's `1e5` does not look like this."""

_AS_FORMULA = re.compile(r'\s*="((?:[^"]|"")*)"\s*')
"""As some programs export digits, so that Excel keeps the zeros before them."""

MAY_BE_DAMAGED = ("E+", "E-", '="')
"""One of these is in every text that is damaged so, or stands in a formula."""

MAY_BE_MARKUP = ("{", "<")
"""One of these is in every note that holds a token or a tag."""

_NOTE_TOKENS = re.compile(r"\{(next|=|keyvalueinfo)\}", re.IGNORECASE)
"""LeadSquared: system notes use these to hold pairs of key and value."""

_HTML = re.compile(r"<(/?[a-z][a-z0-9]*(\s[^<>]*)?/?>|!--)", re.IGNORECASE)
"""A tag as browsers read one: `<5 lakh>` and `<asha@example.com>` are none. LeadSquared answers some with MXXSSException."""


def damaged(text: str) -> bool:
    """Whether a spreadsheet has turned a number into powers of ten."""
    return "E" in text and _DAMAGED.fullmatch(text) is not None


def _text(text: str) -> str | Problem:
    if damaged(text):
        return TextDamaged(text.strip())
    formula = _AS_FORMULA.fullmatch(text) if '="' in text else None
    return TextAsFormula(text.strip(), formula[1].replace('""', '"')) if formula else text


def _note(text: str) -> str | Problem:
    token = _NOTE_TOKENS.search(text) if "{" in text else None
    if token is not None:
        return NoteToken(token[0])
    tag = _HTML.search(text) if "<" in text else None
    return NoteHtml(tag[0]) if tag else _text(text)


def text(rules: ColumnRules) -> Reads:
    """Digits stay as typed, a whole number has no `.0`, truth is TRUE or FALSE; a true date needs a type."""
    return read_as_text(_note if rules.target == NOTE else _text)
