"""Boolean, choice and multichoice: cells that hold one of some declared words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.findings import BooleanWord, ChoiceUnknown, EmptyCell, Problem
from etl.mapping.convert.cells import read_as_text
from etl.mapping.headers import nearest, same_form

if TYPE_CHECKING:
    from etl.mapping.convert.cells import ColumnRules, Reads

_YES, _NO = ("true", "yes", "1"), ("false", "no", "0")


def boolean(rules: ColumnRules) -> Reads:
    """`true` or `false` for one of the declared words, upper or lower case; TRUE and FALSE cells need no words."""
    words = rules.rule.words
    yes, no = (words.yes, words.no) if words else (_YES, _NO)
    meaning = {same_form(word).casefold(): "true" for word in yes}
    meaning |= {same_form(word).casefold(): "false" for word in no}

    def read(text: str) -> str | Problem:
        return meaning.get(same_form(text).casefold()) or BooleanWord(text, (*yes, *no))

    return {**read_as_text(read), bool: lambda truth: "true" if truth else "false"}


def choice(rules: ColumnRules) -> Reads:
    """One of the options, in exactly its case: LeadSquared's options may differ by nothing else."""
    return read_as_text(_Options(rules).sent)


def multichoice(rules: ColumnRules) -> Reads:
    """Several options in one cell, put together again with the same separator; any texts where none are declared."""
    options = _Options(rules) if rules.rule.options else None
    separator = rules.rule.separator or ";"  # checks.py asks for a separator; this default is never reached

    def read(text: str) -> str | Problem:
        sent: list[str] = []
        for part in filter(None, map(same_form, text.split(separator))):
            value = options.sent(part) if options else part
            if isinstance(value, Problem):
                return value
            sent.append(value)
        return separator.join(dict.fromkeys(sent)) or EmptyCell(rules.target)

    return read_as_text(read)


class _Options:
    """The options of a column, as typed and as sent."""

    def __init__(self, rules: ColumnRules) -> None:
        self._sent = {same_form(typed): sent for typed, sent in (rules.rule.options or {}).items()}

    def sent(self, text: str) -> str | Problem:
        typed = same_form(text)
        if typed in self._sent:
            return self._sent[typed]
        return ChoiceUnknown(text, tuple(self._sent), nearest(typed, self._sent))
