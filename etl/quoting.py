"""How messages quote values and list words: apart from the catalogue of findings, which takes long to load."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u00ad\u200b\u200e\u200f\u2060\ufeff]")


def shown(value: object, most: int = 60) -> str:
    """A value as findings quote it: in double quotes, line breaks and invisible signs visible, cut to `most` characters."""
    text = _INVISIBLE.sub(lambda sign: f"<U+{ord(sign[0]):04X}>", str(value).replace("\r", "").replace("\n", "⏎"))
    return f'"{text[: most - 1]}…"' if len(text) > most else f'"{text}"'


def as_typed(arguments: Sequence[str]) -> str:
    """A command with these words behind `etl`, as a person can paste it into this system's shell."""
    words = ("etl", *arguments)
    return shlex.join(words) if os.name == "posix" else subprocess.list2cmdline(words)


def installing(extra: str) -> str:
    """How an extra is installed beside this very etl: in another environment `etl` is the name of somebody else's package."""
    return f"pip install 'etl[{extra}]', with the pip of etl's own Python ({sys.executable} -m pip)"


def near(hint: str | None) -> str:
    """` Did you mean "Email"?` for a near miss, nothing without one."""
    return f" Did you mean {shown(hint)}?" if hint else ""


def listed(words: Sequence[str], most: int = 8) -> str:
    """Some words as a person lists them: `Done, Closed, …`."""
    return ", ".join(words[:most]) + (", …" if len(words) > most else "")
