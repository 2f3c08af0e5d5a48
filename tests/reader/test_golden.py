"""What the corpus' workbooks hold is what LibreOffice shows, or what is said about it; without LibreOffice at hand.

`make compare` writes the golden files. What is not alike on purpose stands in `known_differences.json`, with the reason.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from etl.errors import EtlError

CORPUS = Path(__file__).parent.parent / "corpus"
GOLDEN = CORPUS / "golden"
KNOWN = json.loads((CORPUS / "known_differences.json").read_text(encoding="utf-8"))

sys.path.insert(0, str(CORPUS))  # the scripts there are no package: they run by themselves
from compare import differences, golden_of, ours_in  # noqa: E402


@pytest.mark.parametrize("golden", sorted(GOLDEN.glob("*.csv")), ids=lambda path: path.stem)
def test_what_we_read_is_what_libreoffice_shows(golden: Path) -> None:
    """Each cell that a person sees there is given out, is a broken cell that a finding names, or is a known difference."""
    known = KNOWN.get(golden.stem, {}).get("cells", {})
    try:
        ours = ours_in(CORPUS / "files" / golden.stem)
    except EtlError:
        return  # nothing is lost in silence; that it must be refused, and in which words, says test_corpus.py

    found = dict(differences(ours, golden_of(golden)))

    assert found.keys() == known.keys(), found


def test_no_known_difference_is_there_for_nothing() -> None:
    """Each one names a file that is compared, and says why."""
    assert {name for name in KNOWN if not (GOLDEN / f"{name}.csv").exists()} == set()
    assert all(len(reason) > 20 for known in KNOWN.values() for reason in known["cells"].values())
