"""Custom values and notes as reads show them (LeadSquared API: nothing says that they come back as they were sent)."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from etl.simulator.store import StoredActivity
from etl.simulator.switches import Switches, ValuesOnReading

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9]{2}:[0-9]{2}:[0-9]{2})?")


def custom_values(activity: StoredActivity, switches: Switches) -> dict[str, str]:
    """The `mx_…` fields by name, empty ones included; a custom field set is a JSON text."""
    return {
        entry["SchemaName"]: _set_of_fields(entry) or shown_value(entry["Value"], switches)
        for entry in activity.fields
        if entry["SchemaName"].startswith("mx_")
    }


def plain_field(activity: StoredActivity, name: str) -> str | None:
    """A field that is not custom, such as Status."""
    return next((entry["Value"] for entry in activity.fields if entry["SchemaName"] == name and entry["Value"]), None)


def shown_value(text: str, switches: Switches) -> str:
    """A value as the switch lets it be read."""
    if switches.values_on_reading is not ValuesOnReading.REFORMATTED:
        return _trimmed_or_cut(text, switches)
    if _NUMBER.fullmatch(text):
        whole, _, decimals = text.partition(".")
        return f"{whole}.{decimals:0<2}"
    if _DATE_TIME.fullmatch(text):
        try:
            return american(text)
        except ValueError:  # looks like a date and is none
            pass
    return _tidied(text)


def shown_note(note: str | None, switches: Switches) -> str | None:
    """The note as the switch lets it be read; a note is text whatever it looks like."""
    if note is None:
        return None
    if switches.values_on_reading is ValuesOnReading.REFORMATTED:
        return _tidied(note)
    return _trimmed_or_cut(note, switches)


def american(text: str) -> str:
    """`2026-03-01 13:05:00` as `3/1/2026 1:05:00 PM`. Raises ValueError for a day that does not exist."""
    moment = datetime.fromisoformat(text)
    half = "AM" if moment.hour < 12 else "PM"
    return f"{moment.month}/{moment.day}/{moment.year} {moment.hour % 12 or 12}:{moment:%M:%S} {half}"


def _trimmed_or_cut(text: str, switches: Switches) -> str:
    if switches.values_on_reading is ValuesOnReading.TRIMMED:
        return text.strip()
    return text[: switches.values_cut_to] if switches.values_on_reading is ValuesOnReading.CUT else text


def _tidied(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _set_of_fields(entry: Mapping[str, Any]) -> str | None:
    """A custom field set as one JSON text; None for an ordinary field."""
    inner = entry.get("Fields")
    if not isinstance(inner, list):
        return None
    items = [item for item in inner if isinstance(item, dict)]
    pairs = {str(item.get("SchemaName") or item.get("Attribute")): item.get("Value") for item in items}
    return json.dumps(pairs, ensure_ascii=False)
