"""How much of a file may be taken into memory or time: what is larger is no table, and is refused before it does harm.

Each bound lies far above what spreadsheet programs write, and low enough that a machine of a few gigabytes takes no harm.
"""

from __future__ import annotations

import zipfile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST_COLUMNS = 16_384
MOST_ROWS = 1_048_576  # both are Excel's own limits
MOST_BLOCK_CELLS = 2_000_000  # 5,000 rows of 400 columns; wider tables come in blocks of fewer rows
MOST_REPEATED_CELLS = (
    20_000_000  # that a file says to be there again and does not write: a million rows of twenty columns
)
MOST_ROW_CHARACTERS = 4 << 20  # of a text file; 16,384 cells of 256 characters
MOST_PART_BYTES = 4 << 30  # a part is streamed: this bounds time; a million rows of a hundred columns fit in
MOST_TREE_BYTES = (
    64 << 20
)  # of a part that is read whole; styles have the most, where 65,490 cell formats are all in use
MOST_TREE_TAGS = 1_500_000
MOST_TREE_ATTRIBUTES = 3_000_000
MOST_HELD_BYTES = 16 << 20  # of XML for one row or one shared text
MOST_HELD_ELEMENTS = (
    200_000  # in one row or one shared text: 16,384 cells have some four each; all merged cells count as one
)
MOST_TAG_BYTES = 2 << 20  # from one tag to the next: a cell has at most 32,767 characters, each of up to ten bytes
DEEPEST = 64  # levels of elements one in another; a worksheet's rows have seven at most

_MOST_DIRECTORY_BYTES = 8 << 20  # the list of what is in a zip; 60,000 parts
_HARMLESS_BYTES = 64 << 20
_MOST_TIMES = 300  # as large as it is packed; formatted emptiness has 30, rows that do not say where they are up to 260
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # all that workbooks may use (ECMA-376 Part 2, 7.3.6)
_END_OF_DIRECTORY, _END_BYTES = b"PK\x05\x06", 22


class BeyondBoundsError(ValueError):
    """A file holds more of something than it can need; the text says what, and reads as a sentence behind its name."""


def opened_zip(path: Path) -> zipfile.ZipFile:
    """The zip at `path`, its list of parts read.

    Raises: BeyondBoundsError — the list alone would fill the memory. BadZipFile, ValueError, OSError — it is no zip.
    """
    size = _directory_bytes(path)
    if size > _MOST_DIRECTORY_BYTES:
        raise BeyondBoundsError(f"it has a list of parts of {_megabytes(size)}, and no workbook has so many. {AGAIN}")
    try:
        return zipfile.ZipFile(path)
    except NotImplementedError as error:  # a version of the format that nobody has written so far
        raise zipfile.BadZipFile(str(error)) from error


def opened_part(archive: zipfile.ZipFile, name: str, most_bytes: int = MOST_PART_BYTES) -> IO[bytes]:
    """A part of a zip, which cannot give more bytes than are looked at here: `zipfile` stops at the size that is stated.

    Raises: KeyError — there is none of that name. BeyondBoundsError — it is too large, or packed as only a bomb is.
    """
    part = archive.getinfo(name)
    if part.compress_type not in _METHODS:
        raise zipfile.BadZipFile(f"{name} is packed in a way that no workbook uses")
    if part.file_size > most_bytes:
        raise BeyondBoundsError(
            f"its part {name} takes {_megabytes(part.file_size)} when it is unpacked, and {_megabytes(most_bytes)} is the most "
            f"that is read. {_FEWER_ROWS}"
        )
    if part.file_size > max(_HARMLESS_BYTES, _MOST_TIMES * part.compress_size):
        raise BeyondBoundsError(
            f"its part {name} grows from {_megabytes(part.compress_size)} to {_megabytes(part.file_size)} when it is unpacked, "
            f"as no table does. {AGAIN}"
        )
    return archive.open(part)


def refuse_beyond(size: int, most: int, what: str) -> None:
    """Raise BeyondBoundsError where there are more than `most` bytes of `what`."""
    if size > most:
        raise BeyondBoundsError(f"{what} of more than {_megabytes(most)}, which no spreadsheet program writes. {AGAIN}")


REPAIR = "Open it in the spreadsheet program, let it repair the file, and save it again."
AGAIN = (
    "Do not trust this file; if you know where it comes from, open it in the spreadsheet program and save it as .csv."
)
_FEWER_ROWS = "Divide it into several files, or save it as .csv."


def refuse_many(elements: int) -> None:
    """Raise BeyondBoundsError where one row, text or list of formats has more elements of XML than it needs."""
    if elements > MOST_HELD_ELEMENTS:
        raise BeyondBoundsError(
            f"it has a row, a text or a list of formats of more than {MOST_HELD_ELEMENTS:,} elements, for which no sheet has "
            f"room. {AGAIN}"
        )


def refuse_deep(depth: int) -> None:
    """Raise BeyondBoundsError where elements stand one in another as they never do."""
    if depth > DEEPEST:
        raise BeyondBoundsError(f"its XML is nested more than {DEEPEST} levels deep, as in no workbook. {AGAIN}")


def refuse_repeated(cells: int) -> None:
    """Raise BeyondBoundsError where a few bytes stand for more cells than anybody repeats."""
    if cells > MOST_REPEATED_CELLS:
        raise BeyondBoundsError(f"it repeats cells more than {MOST_REPEATED_CELLS:,} times, as no table does. {AGAIN}")


def row_behind(before: int, row_number: int) -> int:
    """The number of a row that follows another one. Raises BeyondBoundsError where no sheet has it, or not in this place."""
    if row_number > MOST_ROWS:
        raise BeyondBoundsError(f"it has a row {row_number}, and a sheet ends at row {MOST_ROWS:,}. {REPAIR}")
    if row_number <= before:
        raise BeyondBoundsError(
            f"its row {row_number} stands behind row {before}, so that one of them would be lost. {REPAIR}"
        )
    return row_number


def _directory_bytes(path: Path) -> int:
    """What the end of the zip says of its list of parts (APPNOTE 4.3.16); 0 where no end is found."""
    with path.open("rb") as source:
        size = source.seek(0, 2)
        source.seek(max(0, size - _END_BYTES - 0xFFFF))
        tail = source.read()
    at = tail.rfind(_END_OF_DIRECTORY)
    if at < 0:
        return 0
    stated = int.from_bytes(tail[at + 12 : at + 16], "little")
    # 0xFFFFFFFF says that the size stands in the record for large archives; it cannot be larger than the file in any case.
    return min(stated, size)


def _megabytes(size: int) -> str:
    return f"{max(1, size >> 20):,} MB"
