"""What a check of rows that are called created or updated can find."""

from __future__ import annotations

from enum import StrEnum


class Finding(StrEnum):
    """What is found out about one row; the first word of what the results say."""

    HELD = "held"  # there once, with the values that were sent
    DIFFERS = "differs"  # there, with other values
    MISSING = "missing"  # not there under its id
    TWICE = "twice"  # there, and once more under another id
    NOT_READ = "not read"  # LeadSquared could not be asked
