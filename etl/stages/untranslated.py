"""The file of values that fit no option, beside the input; what a person has filled in is never overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.events import Note
from etl.reconciler.names import to_translate_beside
from etl.reconciler.put_in_place import put_in_place, take_away
from etl.stages.writer import hash_of, names_of_input

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from etl.events import Event, RunOptions
    from etl.ledger.store import Ledger
    from etl.stages.prepare import PreparedInput


def list_unknown_values(
    prepared: PreparedInput, ledger: Ledger, options: RunOptions, events: Callable[[Event], None]
) -> None:
    """Write the file where there are such values; take away one that nobody has touched where there are none any more.

    A folder in which it cannot be written is no reason to stop: the same values stand in the findings.
    """
    place = to_translate_beside(names_of_input(prepared, None, options))
    used = prepared.mapping.mapping.translation_path
    is_rehearsal = options.rehearse and options.results is None

    def may_replace(path: Path) -> bool:
        if used is not None and path.absolute() == used.absolute():
            return False
        return is_rehearsal or ledger.runs.output_hash(path.absolute()) == hash_of(path)

    unknown = prepared.unknown
    if not len(unknown):
        if place.is_file() and may_replace(place):
            take_away(place)
        return
    try:
        from etl.reconciler.to_translate import write_to_translate  # noqa: PLC0415 — loads what writes workbooks

        written = put_in_place(place, lambda draft: write_to_translate(draft, unknown.lines()), may_replace)
    except UsageError as error:
        events(Note(str(error)))
        return
    ledger.runs.note_output(written.absolute(), hash_of(written), 0)
    events(Note(_told(prepared, written)))


def _told(prepared: PreparedInput, written: Path) -> str:
    count = len(prepared.unknown)
    which = "1 value fits no option of its column" if count == 1 else f"{count:,} values fit no option of their columns"
    more = ", and there are more" if prepared.unknown.left_out else ""
    used = prepared.mapping.mapping.translate
    then = f"copy its lines into {used}" if used else "name it under translate: in the mapping"
    return f'{which}{more}: see {written.name}. Fill in "use this" and {then}.'
