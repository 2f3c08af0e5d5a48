"""Results put where a submission wants them, and how its inputs ended, for people.

What a run has come to does not depend on it: a folder that is not mounted here, or a store that is down, changes nothing of
what was sent. So a submission whose results could not be put away waits for that alone; they are written anew
from the ledger.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from etl import care
from etl.errors import EtlError
from etl.exits import ExitCode
from etl.fleet.laying_out import clear_away, own_folder, results_of
from etl.fleet.order import shown_number
from etl.places import place_of
from etl.reconciler.put_in_place import copy_in_place

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from etl.clock import Clock
    from etl.events import InputSummary, Summary
    from etl.settings import Settings

_NOT_PUT = "Its results could not be put into"


def put_away(sheet: Path, place: str, number: int) -> str | None:
    """Put what a run has written beside its input where the submission wants it; what is there of it is replaced.

    Returns: why that was not possible, in words; None where all is there.
    """
    return _unless_put(results_of(sheet), place, number)


def put_away_again(
    runs: Sequence[int], place: str, number: int, folder: Path, settings: Settings, clock: Clock
) -> str | None:
    """The same of runs that have ended before, from the ledger. folder: of the worker, for what it works on."""
    own = own_folder(number, folder)
    try:
        clear_away(number, folder)
        own.mkdir(parents=True, mode=0o700)
        accounts = [] if settings.account is None else [settings.account]
        for run in sorted(runs):
            care.results(settings, run, own, clock=clock, accounts=accounts)
        return _unless_put(sorted(one for one in own.iterdir() if one.is_file()), place, number)
    except EtlError as error:
        return why_not(error.message, place, number)
    except OSError as error:
        return why_not(f"{error.filename or own}: {error.strerror or error}", place, number)
    finally:
        clear_away(number, folder)


def _unless_put(files: Sequence[Path], place: str, number: int) -> str | None:
    try:
        folder = place_of(place)
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            copy_in_place(file, folder / file.name, lambda _: True)
    except EtlError as error:
        return why_not(error.message, place, number)
    except OSError as error:
        return why_not(f"{error.filename or place}: {error.strerror or error}", place, number)
    except Exception as error:  # noqa: BLE001 — whatever a store's library meets, the rows have been sent
        return why_not(f"a defect ({type(error).__name__}: {error})", place, number)
    return None


def why_not(why: str, place: str, number: int) -> str:
    """That results are not where they are wanted, and how to have them all the same."""
    return (
        f"{_NOT_PUT} {place}: {why.rstrip('.')}. They are in the ledger: "
        f"etl results {shown_number(number)} writes them."
    )


def without_why_not(words: str) -> str:
    """What was said of a turn, but for that."""
    return words.partition(_NOT_PUT)[0].strip()


def said(summary: Summary) -> str:
    """How the inputs of a run ended, in words: of the outcomes those that occur."""
    told = []
    for one in summary.inputs:
        rows = " + ".join(
            f"{count:,} {outcome.replace('_', ' ')}" for outcome, count in one.equation.outcomes.items() if count
        )
        told.append(f"{one.input}: {one.equation.data_rows:,} data rows = {rows or '0'}.")
        if one.stop_reason:
            told.append(f"Stopped: {one.stop_reason}.")
    return " ".join(told)


def as_found(one: InputSummary, place: str | None) -> InputSummary:
    """How an input ended, with its files where people find them: the folder of the worker is gone by then.

    place: where its results were put, None where they are in the ledger alone.
    """
    if place is not None:
        files = [place_of(place) / file.name if file is not None else None for file in (one.results, one.failed)]
        return replace(one, results=files[0], failed=files[1])
    step = one.next_step
    if one.failed is not None and one.exit_code == ExitCode.NEEDS_A_PERSON:
        step = f"etl results {one.run} writes {one.failed.name}: correct its rows and submit that."
    return replace(one, results=None, failed=None, next_step=step)
