"""The moves of an inbox in a store without folders, where nothing is renamed: a file is copied, then deleted.

Killed at any moment a file is there twice or once, never not at all, and its slip tells the next call what was meant:

taking   slip into working, with the version of the file that is taken → copy of the file → the original is deleted.
         A slip without a file is removed; an original of that very version beside its copy is deleted.
filing   the slip says where to → the ledger notes the new place → copies → slip there → the originals are deleted, slip last.
         A slip that says where to is carried out from the beginning; what is there already is written over by the same.

A file that is replaced in the inbox while it is taken stays there, and is taken as it is the next time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.inbox.folders import SLIP, Bundle, Slip, write_slip
from etl.places.far import copy_file, delete, listing, look
from etl.places.url_path import place_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def take_far(file: Path, folder: Path, slip: Slip) -> Bundle:
    """Move a file from the inbox into a folder of its own.

    Raises: UsageError — it was replaced meanwhile; it lies where it lay.
    """
    before = look(str(file))
    if before is None:
        raise UsageError(f"{file} is gone: somebody else has taken it.")
    slip = replace(slip, source=before.version)
    write_slip(folder, slip)
    copy_file(str(file), str(folder / slip.name))
    after = look(str(file))
    if after is None or after.version != before.version:
        delete(str(folder / slip.name))
        delete(str(folder / SLIP))
        raise UsageError(f"{file} was replaced while it was taken. The next etl inbox takes it as it is then.")
    delete(str(file))
    return Bundle(folder, slip)


def carry(bundle: Bundle, place: Path, note: Callable[[Path, Path], None]) -> Bundle:
    """Move a folder with all that lies in it. note: told old and new place before anything moves."""
    if bundle.slip.to != str(place):
        write_slip(bundle.folder, replace(bundle.slip, to=str(place)))
    note(bundle.folder, place)
    slip = replace(bundle.slip, to="")
    others = [one for one in listing(str(bundle.folder)) if one.rpartition("/")[2] != SLIP]
    for one in others:
        copy_file(one, f"{place}/{one.rpartition('/')[2]}")
    write_slip(place, slip)
    for one in others:
        delete(one)
    delete(str(bundle.folder / SLIP))
    return Bundle(place, slip)


def finish(bundle: Bundle, inbox: Path, note: Callable[[Path, Path], None]) -> Bundle | None:
    """Carry out what a killed call has begun. Returns: the bundle as it lies where it lay; None where it was moved on."""
    if bundle.slip.to:
        carry(bundle, place_of(bundle.slip.to), note)
        return None
    original = inbox / bundle.slip.file
    found = look(str(original)) if bundle.slip.source else None
    if found is not None and found.version == bundle.slip.source:
        delete(str(original))
    return bundle
