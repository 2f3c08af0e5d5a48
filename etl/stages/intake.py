"""From what a person names on the command line to kept bytes: files as they are, unpacked ones, and standard input."""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, NamedTuple

from etl.errors import EtlError, SourceError
from etl.reader import InputRules, open_input, sheets_of
from etl.reader.packed import unpacked
from etl.reconciler.names import STANDARD_INPUT, is_named_new_leads, is_named_to_translate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.ledger.store import Ledger

FROM_STANDARD_INPUT = Path("-")
_PIECE_BYTES = 1 << 20


class Taken(NamedTuple):
    """A file that was taken in. path: its name in messages and for its results. hash, copy: of the kept, unpacked bytes."""

    path: Path
    hash: str
    copy: Path


def take_in(file: Path, ledger: Ledger) -> Taken:
    """Keep a file; a packed one as what is in it, so that it is the same input packed or not.

    Raises: SourceError — it cannot be read or unpacked. LedgerError — the copy cannot be written.
    """
    shown = Path(STANDARD_INPUT) if file == FROM_STANDARD_INPUT else file
    with _bytes_of(file) as original, unpacked(original, shown) as content:  # the bytes of one version, be it a URL
        kept = ledger.copies.keep(content, "input", shown)
    return Taken(shown, kept, ledger.copies.path(kept))


def why_left_out(file: Path) -> str | None:
    """Why a file that a pattern has caught is no input, by its name; None if it may be one."""
    if is_named_new_leads(file):
        return "holds leads for LeadSquared's own import"
    if is_named_to_translate(file):
        return "holds values to translate"
    if file.name.startswith("~$"):
        return "is the lock file of a workbook that is open"
    return None


def our_sheets(taken: Taken) -> tuple[str | None, ...]:
    """The sheets of one of our own files that are ours, in order: a person may have added others."""
    return tuple(sheet for sheet in sheets_of(taken.copy) if _is_ours(taken, sheet)) or (None,)


def _is_ours(taken: Taken, sheet: str) -> bool:
    with suppress(EtlError), open_input(taken.copy, InputRules(sheet), taken.path) as opened:
        return opened.table.is_ours and opened.table.sheet == sheet
    return False


@contextmanager
def _bytes_of(file: Path) -> Iterator[Path]:
    """Where the bytes of a file are; those of standard input in a temporary place, for it can be read only once."""
    if file != FROM_STANDARD_INPUT:
        yield file
        return
    with NamedTemporaryFile(prefix="etl-", delete=False) as spooled:
        place = Path(spooled.name)
        try:
            while piece := sys.stdin.buffer.read(_PIECE_BYTES):
                spooled.write(piece)
            spooled.close()
            if place.stat().st_size == 0:
                raise SourceError(
                    "Standard input is empty: the command before it gave nothing. Check that it ran well."
                )
            yield place
        finally:
            place.unlink(missing_ok=True)
