"""Every trap of conversion, from its file through reader and mapping."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from etl.mapping.apply import Applier
from etl.reader import InputRules, open_input
from tests.mapping.build import a_mapping

CORPUS = Path(__file__).parent.parent / "corpus"
FILES = CORPUS / "conversions"
EXPECTED = json.loads((FILES / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("trap", EXPECTED["traps"], ids=lambda trap: trap["file"].removesuffix(".csv"))
def test_each_cell_becomes_what_is_expected(trap: dict[str, Any]) -> None:
    """A cell is sent as expected, or is the expected finding; nothing else is."""
    mapping = a_mapping(columns={"Email": "SearchByValue", "Cell": trap["rule"]}, input=trap["input"])
    with open_input(FILES / trap["file"], InputRules()) as opened:
        applier = Applier(mapping.as_of(datetime.fromisoformat(EXPECTED["now"])), opened.table)
        rows = [row for block in opened.blocks() for row in applier.apply(block)]

    found = [[*row.values.values()][1:] if row.values else f"<{row.findings[0].code}>" for row in rows]
    assert found == [expected for _, expected in trap["cells"]]
    assert [len(row.findings) for row in rows] == [int(isinstance(expected, str)) for _, expected in trap["cells"]]


def test_the_script_writes_the_traps(tmp_path: Path) -> None:
    """The files in the repository are those that the script writes, byte for byte."""
    subprocess.run([sys.executable, CORPUS / "conversion_traps.py", tmp_path], check=True)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in FILES.iterdir()
    }
