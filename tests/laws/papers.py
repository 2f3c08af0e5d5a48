"""The sheets of one history: written, edited the next day, corrected in a failed file; and what each of them held."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass, field
from pathlib import Path

from tests.laws import draws, invariants
from tests.laws.draws import HEADERS, Row
from tests.laws.ways import Way


@dataclass
class Papers:
    """What a person keeps in one folder. contents: every sheet that was imported, as it was then."""

    folder: Path
    dice: random.Random
    rows: list[Row]
    way: Way
    contents: list[list[dict[str, str]]] = field(default_factory=list)
    failed: Path | None = None
    _newest: int = 200

    def sheet(self) -> Path:
        """The sheet as it is now; sometimes under another name."""
        name = "visits.csv" if self.dice.random() < 0.85 else "visits (1).csv"
        return self._write(name, self.rows)

    def other_sheet(self) -> Path:
        """A colleague's sheet, with many of the same rows."""
        return self._write("others.csv", draws.edited(self.rows, self.dice, self._newest + 50))

    def edit(self) -> None:
        """The sheet becomes that of the next day."""
        self.rows = draws.edited(self.rows, self.dice, self._newest)
        self._newest += 10

    def corrected(self) -> Path | None:
        """The failed file as a person gives it back: leads corrected, or nothing done. None where there is none."""
        if self.failed is None or not self.failed.exists():
            return None
        if self.dice.random() < 0.7:
            text = self.failed.read_text(encoding="utf-8-sig")
            for wrong, right in self.way.corrected.items():
                text = text.replace(wrong, right)
            self.failed.write_text(text, encoding="utf-8-sig")
        return self.failed

    def remember(self, file: Path) -> list[dict[str, str]]:
        """What a file holds that is about to be imported."""
        self.contents.append(invariants.result_rows(file))
        return self.contents[-1]

    def _write(self, name: str, rows: list[Row]) -> Path:
        path = self.folder / name
        lines = [(self.way.cell(row.email), *row.cells[1:]) for row in rows]
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([HEADERS, *lines])
        return path
