"""From a person's files to an order of kept copies, and back to files in a folder of a worker: the same bytes and names."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import LedgerError, SourceError, UsageError
from etl.fleet.order import KeptFile, shown_number
from etl.mapping.model import lookup_of
from etl.places import is_url, place_of
from etl.stages.submitted import FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etl.fleet.order import Order
    from etl.ledger.store import Ledger
    from etl.stages.prepare import LoadedMapping

_MAPPING, _AT_URLS = "mapping", "at-urls"
_PACKED = frozenset({".gz", ".zip"})


def kept_input(path: Path, content_hash: str) -> KeptFile:
    """An input; what was packed is kept as what was in it, and goes by that name."""
    name = path.name
    return KeptFile(path.stem if path.suffix.lower() in _PACKED and Path(path.stem).suffix else name, content_hash)


def kept_mapping(loaded: LoadedMapping, ledger: Ledger) -> tuple[KeptFile, tuple[KeptFile, ...]]:
    """A mapping and its lookup and translation files, placed to each other as they lie; those that it names by URLs, beside them.

    Raises: UsageError — a file is named in a way that leads nowhere on another machine.
    """
    named, far = _named_files(loaded)
    places = _below_one_folder([loaded.path, *named])
    lookups = tuple(
        KeptFile(place, ledger.copies.keep(file, "lookup")) for file, place in zip(named, places[1:], strict=True)
    )
    by_url = tuple(
        KeptFile(f"{_AT_URLS}/{place}/{file.name}", ledger.copies.keep(file, "lookup"), str(file))
        for place, file in enumerate(far)
    )
    return KeptFile(places[0], loaded.hash.partition("+")[0]), lookups + by_url


def _named_files(loaded: LoadedMapping) -> tuple[list[Path], list[Path]]:
    """Those that are named by where they lie to the mapping, and those that are named by URLs."""
    mapping = loaded.mapping
    names = [lookup_of(mapped.rule) for mapped in mapping.targets()] + [mapping.translate]
    found: dict[Path, None] = {}
    far: dict[Path, None] = {}
    for name in names:
        if name is None:
            continue
        named = place_of(name)
        if is_url(named):
            far[named] = None
            continue
        if named.is_absolute():
            raise UsageError(
                f"{loaded.path}: it names {name} by its whole path, and a worker on another machine has no such file. Name it "
                "from the mapping's own folder; then its content goes along."
            )
        found[mapping.lookup_path(name)] = None
    return list(found), list(far)


def _below_one_folder(files: Sequence[Path]) -> list[str]:
    """Their places seen from the nearest folder that they all lie in."""
    if len(files) == 1:
        return [files[0].name]
    whole = [os.path.normpath(str(one) if is_url(one) else str(one.absolute())) for one in files]
    try:
        base = os.path.commonpath([os.path.dirname(one) for one in whole])  # noqa: PTH120 — a URL is no path of this machine
    except ValueError as error:
        raise UsageError(
            f"{files[0]}: its lookup files lie on another drive, where no worker finds them. Put them into one folder with the "
            "mapping, or below it, and name them from there."
        ) from error
    return [Path(os.path.relpath(one, base)).as_posix() for one in whole]


@dataclass(frozen=True, slots=True)
class LaidOut:
    """The files of an order on a worker. at_hand: what the mapping names by URLs, to be `pinned` while it is read."""

    sheet: Path
    mapping: Path
    at_hand: Mapping[str, Path]


def lay_out(order: Order, number: int, folder: Path, ledger: Ledger) -> LaidOut:
    """The files of an order in a folder of its own below this one.

    Raises: SourceError — a kept copy was pruned. LedgerError — the folder cannot be written.
    """
    own = own_folder(number, folder)
    sheet = _inside(own, order.input.place)
    places = [(one, _inside(own / _MAPPING, one.place)) for one in (order.mapping, *order.lookups)]
    try:
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(parents=True, mode=0o700)
        for one, place in [(order.input, sheet), *places]:
            _put(one, place, ledger)
    except OSError as error:
        raise LedgerError(
            f"{own} cannot be written: {error.strerror}. A worker needs room there for what it works on."
        ) from error
    return LaidOut(sheet, places[0][1], {one.url: place for one, place in places if one.url is not None})


def own_folder(number: int, folder: Path) -> Path:
    """Where a worker has the files of a submission. folder: of the worker."""
    return folder / FOLDER / shown_number(number)


def results_of(sheet: Path) -> list[Path]:
    """What a run has written beside its input in that folder."""
    return sorted(one for one in sheet.parent.iterdir() if one.is_file() and one.name != sheet.name)


def clear_away(number: int, folder: Path) -> None:
    """Take the folder of an order away again: input and results are in the ledger."""
    shutil.rmtree(own_folder(number, folder), ignore_errors=True)


def _put(one: KeptFile, place: Path, ledger: Ledger) -> None:
    if not ledger.copies.has(one.hash):
        raise SourceError(
            f"The kept copy of {one.name} is gone from {ledger.shown}: it was pruned. Submit the file again."
        )
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ledger.copies.path(one.hash), place)


def _inside(folder: Path, place: str) -> Path:
    """A place below a folder.

    Raises: SourceError — it leads out of it: who submits must not write over files of the worker.
    """
    found = Path(os.path.normpath(folder / place))
    if not found.is_relative_to(folder) or found == folder:
        raise SourceError(f"An order names the place {place}, which is not below its folder. It was not carried out.")
    return found
