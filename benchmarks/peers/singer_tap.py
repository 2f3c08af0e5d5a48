"""The sheet as Singer messages, with a bookmark behind every 25 rows: `python singer_tap.py visits.xlsx state.json`."""

from __future__ import annotations

import json
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import visits

TEXT = {"type": "string"}
FIELD = {"type": "object", "properties": {"SchemaName": TEXT, "Value": TEXT}}
PROPERTIES = {
    "SearchByValue": TEXT,
    "ActivityEvent": {"type": "integer"},
    "ActivityNote": TEXT,
    "ActivityDateTime": TEXT,
    "Fields": {"type": "array", "items": FIELD},
}


def write(kind: str, **members: Any) -> None:
    """One message, one line."""
    print(json.dumps({"type": kind, **members}))


def main() -> None:
    """Write the rows behind the bookmark."""
    state = Path(sys.argv[2]).read_text() or "{}"
    done = json.loads(state).get("bookmarks", {}).get("visits", {}).get("row", 0)
    write("SCHEMA", stream="visits", schema={"type": "object", "properties": PROPERTIES}, key_properties=[])
    for row, activity in enumerate(islice(visits.activities(sys.argv[1]), done, None), done + 1):
        write("RECORD", stream="visits", record=activity)
        if row % 25 == 0:
            write("STATE", value={"bookmarks": {"visits": {"row": row}}})


if __name__ == "__main__":
    main()
