"""Writes the corpus: every trap as a small file named after it, and what must be read from it in expected.json.

python tests/corpus/make.py [FOLDER]     (default: the folder `files` beside this script, and expected.json in it)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cell_traps
import delimited_traps
import format_traps
import sheet_traps
import workbook_traps

TRAPS = (delimited_traps, workbook_traps, cell_traps, sheet_traps, format_traps)


def write_corpus(folder: Path) -> None:
    """Fill the folder. The same bytes each time."""
    folder.mkdir(parents=True, exist_ok=True)
    for traps in TRAPS:
        for name, content in traps.FILES.items():
            (folder / name).write_bytes(content)
    cases = [case.as_json() for traps in TRAPS for case in traps.CASES]
    text = json.dumps(cases, ensure_ascii=False, indent=1)
    (folder / "expected.json").write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write_corpus(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "files")
