"""Runs of what was submitted to a fleet: they are known by the folder in which a worker lays out what it works on.

That folder is gone as soon as the worker is done with it, so nobody can type a command with its paths.
"""

from __future__ import annotations

import re

FOLDER = "etl-fleet"
"""Below it lies `s17/visits.xlsx`, for the submission s17."""

_WITHIN = re.compile(rf"[/\\]{FOLDER}[/\\](s\d+)[/\\]")


def submission_in(path: str) -> str | None:
    """`s17`, for the path of an input of a run that a worker has begun; None for any other path."""
    found = _WITHIN.search(path)
    return found[1] if found else None
