"""The mark that a ledger leaves in the folder of its kept copies: by it a ledger that is gone differs from a new one.

An empty file where a ledger was would be taken for a new ledger, and every row would go out a second time. So would a
database whose write-ahead log was left behind when it was copied (SQLite: "How To Corrupt", section 1.4).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from etl.errors import LedgerError

if TYPE_CHECKING:
    from pathlib import Path

_FOLDER = "ledgers"


class Mark:
    """The mark of the SQLite ledger at `database`, in the folder `files`."""

    def __init__(self, database: Path, files: Path) -> None:
        self._database = database
        self._path = files / _FOLDER / database.name

    def is_there(self) -> bool:
        """Whether a ledger of this name has been here. Ask this before looking for the ledger: the mark comes after it."""
        return self._path.is_file()

    def leave(self) -> None:
        """Note that the ledger is here by now. Where it cannot be noted, the kept copies will say what is wrong."""
        if not self.is_there():
            with suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._path.touch()

    def neighbours(self) -> list[str]:
        """The names of the other ledgers that keep their copies in the same folder."""
        try:
            return sorted(path.name for path in self._path.parent.iterdir() if path.name != self._path.name)
        except OSError:
            return []

    def lost(self) -> LedgerError:
        """What to say where the mark is there and the ledger is not."""
        since = datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
        return LedgerError(
            f"There was a ledger {self._database} since {since:%Y-%m-%d}, and it is gone or empty. Nothing was sent, because "
            "without it rows that are in LeadSquared could go out again. Put it back from a backup, with its -wal file if "
            f"there is one. If you mean to begin with an empty ledger, delete {self._path} first."
        )
