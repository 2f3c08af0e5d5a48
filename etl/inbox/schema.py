"""The JSON Schema of routes.yaml, generated from its model, by which editors complete and check it.

`python -m etl.inbox.schema mappings/routes.schema.json` writes it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from etl.inbox.routes import RoutesFile
from etl.mapping.schema import schema_of


def schema_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema_of(RoutesFile), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text(), encoding="utf-8")
