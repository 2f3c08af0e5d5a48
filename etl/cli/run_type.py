"""The number of a run as it is typed: itself, or that of the submission that has begun it, like s17."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from etl.cli.world import World
from etl.errors import UsageError

if TYPE_CHECKING:
    from etl.settings import Settings

MOST_DIGITS = 18


def submission_number(typed: object) -> int | None:
    """The number of a submission, None for any other text."""
    if not isinstance(typed, str) or typed[:1] not in {"s", "S"}:
        return None
    digits = typed[1:]
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= MOST_DIGITS else None


def settings_here(ctx: click.Context | None) -> Settings | None:
    """The settings of a command while its arguments are still read."""
    from etl.settings import load_settings_without_account  # noqa: PLC0415 — only where a submission was typed

    world = ctx.find_object(World) if ctx is not None else None
    return load_settings_without_account(world.environ, world.cwd, world.directories) if world else None


class RunType(click.IntRange):
    """A run by its number; s17 is the run that the submission s17 has begun."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = submission_number(value)
        settings = settings_here(ctx) if number is not None else None
        if number is None or settings is None:
            _refuse_words(value)
            return super().convert(value, param, ctx)
        from etl.fleet.submissions import run_of  # noqa: PLC0415 — loads what talks to PostgreSQL

        return run_of(settings, number)


class RunOrSubmissionType(click.IntRange):
    """The same for what can be asked of a submission itself: it stays a text like s17."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = submission_number(value)
        if number is not None:
            return f"s{number}"
        _refuse_words(value)
        return super().convert(value, param, ctx)


def _refuse_words(value: object) -> None:
    """Raises: UsageError — that is neither a number nor like s17."""
    if isinstance(value, str) and not value.strip().lstrip("+-").isdecimal():
        raise UsageError(
            f"{value}: this is no run. Runs are called by their number, like 41, and what was submitted to a fleet like s17; "
            "etl runs lists them."
        )
