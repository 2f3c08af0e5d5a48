"""The numbers of the newest runs, for whoever completes a command: read at once, without all that a ledger stands on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_SQLITE = "sqlite:///"
_PATIENCE_SECONDS = 0.2


def newest_runs(ledger_url: str, most: int = 20) -> tuple[tuple[int, str], ...]:
    """Number and name of the input of the newest runs, the newest first.

    Nothing is made, changed or waited for: where there is no ledger, or it is busy or of another version, there is none.
    """
    path = Path(ledger_url.removeprefix(_SQLITE))
    if not ledger_url.startswith(_SQLITE) or not path.is_file():
        return ()
    query = "SELECT run_id, input_path FROM runs ORDER BY run_id DESC LIMIT ?"
    try:
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, timeout=_PATIENCE_SECONDS, uri=True)) as connection:
            return tuple((int(run), Path(str(place)).name) for run, place in connection.execute(query, (most,)))
    except (sqlite3.Error, OSError, ValueError):
        return ()
