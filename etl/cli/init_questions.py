"""The questions of `etl init` on a terminal; without one, what is proposed, or an error that says how to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import available_timezones

import click

from etl.cli.wording import printable
from etl.errors import UsageError
from etl.mapping.headers import nearest
from etl.quoting import near

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.mapping.suggest.proposal import Question


def answer(question: Question) -> str:
    """What a person says. Typed is the first letter of a choice, or the whole word; Ctrl-C ends the command."""
    click.echo(printable(f"\n{question.words}"), err=True)
    if not question.choices:
        return _typed(question)
    for choice in question.choices:
        if choice.words != choice.key:
            click.echo(printable(f"  {choice.key}: {choice.words}"), err=True)
    keys = [choice.key for choice in question.choices]
    while True:
        said = click.prompt("/".join(keys), default=question.proposal or None, err=True, type=str).strip().casefold()
        found = [key for key in keys if said and key.startswith(said)]
        if len(found) == 1:
            return found[0]
        click.echo(f"Type one of: {', '.join(keys)}.", err=True)


def _typed(question: Question) -> str:
    while True:
        shows = bool(question.proposal)
        default = question.proposal if question.proposal is not None else None
        said: str = click.prompt("Answer", default=default, show_default=shows, err=True, type=str).strip()
        refused = _refused(question.key, said)
        if refused is None:
            return said
        click.echo(refused, err=True)


def _refused(key: str, said: str) -> str | None:
    """Why an answer cannot be; None if it can."""
    if key == "time_zone" and said not in available_timezones():
        return f"{said} is no time zone, like Asia/Kolkata.{near(nearest(said, sorted(available_timezones())))}"
    if key == "event" and said and not (said.isascii() and said.isdecimal() and int(said) > 0):
        return "A number, like 320, or nothing."
    if key == "find_lead" and "=" not in said:
        return "COLUMN=FIELD, like Code=mx_Customer_Code."
    return None


def one_of(words: str, names: Sequence[str]) -> str:
    """One of some names, by its number or itself."""
    click.echo(printable(words), err=True)
    for number, name in enumerate(names, 1):
        click.echo(printable(f"  {number}  {name}"), err=True)
    while True:
        said = click.prompt("Which one", err=True, type=str).strip()
        if said in names:
            return said
        if said.isdecimal() and 0 < int(said) <= len(names):
            return names[int(said) - 1]
        click.echo("Type its number.", err=True)


def refuse_open(questions: Sequence[Question]) -> None:
    """Raise UsageError for what nobody can answer here and nothing may be taken for."""
    if questions:
        lines = [
            f"{one.words} {'; '.join(choice.words for choice in one.choices)}".strip()
            + f" Say it with {one.otherwise}."
            for one in dict.fromkeys(questions)
        ]
        raise UsageError("Nothing was written, because this cannot be told from the sheet:\n  " + "\n  ".join(lines))
