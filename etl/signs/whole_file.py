"""A small file that is always whole: written beside its place and put there in one step."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def put(path: Path, text: str) -> None:
    """Put a text in the place of what is there; others may read it.

    Raises: OSError — it cannot be written.
    """
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        if os.name == "posix":
            Path(draft).chmod(0o644)  # mkstemp gives 0600, and who reads this is another user
        Path(draft).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(draft).unlink()
        raise
