"""A package about to be written: which parts it has, and what of each may be seen."""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl import __version__
from etl.ledger.handed_rows import TABLES
from etl.ledger.steps import this_actor
from etl.quoting import as_typed
from etl.reconciler.report.handover_page import HandedRun, HandoverPage, PartInWords, handover_page
from etl.reconciler.report.masking import masked
from etl.stages.package import PackageWriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.ledger.handed_rows import HandedRows, Record, Scope
    from etl.ledger.listing import ListedRun
    from etl.ledger.runs import RunRecord
    from etl.ledger.store import Ledger
    from etl.records import Outcome
    from etl.stages.handed_files import FilesOfRun

FORMAT = 2
"""Of packages: since 2 rows come with the beginnings of their fingerprints (ledger/schema.py), by which an older etl would take
them for changed. One that a newer etl wrote is refused."""

FORMATS = (1, FORMAT)
"""Those that can be taken."""

PAGE, MANIFEST, REPORT = "READ-ME-FIRST.html", "manifest.json", "report.html"

_WITHOUT_VALUES = {
    "rows": frozenset({"error", "hint"}),
    "requests": frozenset({"detail", "body"}),
}
"""Columns in which texts of cells, or LeadSquared's words about them, stand."""


@dataclass(frozen=True, slots=True)
class Packing:
    """A package about to be written. All of it is read while nothing of these runs can change."""

    ledger: Ledger
    records: Sequence[RunRecord]
    scope: Scope
    files: dict[int, FilesOfRun]
    package: str
    with_values: bool
    made: float
    name: str

    def write(self, place: Path, folder: Path) -> None:
        rows = self.ledger.handovers.handed_rows([one.run_id for one in self.records], self.scope)
        counted: dict[str, int] = {}
        with PackageWriter(place) as package:
            parts = [PartInWords(PAGE, "This page.")]
            for path in sorted(folder.iterdir()):
                package.add_file(path.name, path)
                parts.append(PartInWords(path.name, self._what(path.name)))
            for part, content, what in self._kept():
                package.add(part, iter((content,)) if isinstance(content, bytes) else _pieces(content))
                parts.append(PartInWords(part, what))
            for table in TABLES:
                package.add(f"ledger/{table}.jsonl", self._lines(rows, table, counted))
            parts.append(PartInWords("ledger/", "This run's part of the ledger, as lines of JSON."))
            package.add(MANIFEST, iter((json.dumps(self._manifest(rows), ensure_ascii=False, indent=1).encode(),)))
            parts.append(PartInWords(MANIFEST, "What etl reads first: account, runs, files and their hashes."))
            page = handover_page(self._page(tuple(parts), counted.get("known_rows", 0)))
            package.add(PAGE, iter((page.encode(),)))

    def _what(self, name: str) -> str:
        if name == REPORT:
            return "The run as a page: outcomes, causes, pace." + ("" if self.with_values else " Values are masked.")
        if name.endswith((".failed.csv", ".failed.xlsx")):
            return "The rows that need a person. Correct the failed file that the taking writes, not this copy."
        if self.with_values:
            return "Every row with its id or the reason why there is none."
        return "Every row by its number, with its outcome and id, without what stands in it."

    def _kept(self) -> Iterator[tuple[str, bytes | Path, str]]:
        """Kept copies, each once: mappings always, sheets and lookup files where values were asked for."""
        told: set[str] = set()
        for files in self.files.values():
            for one in files.all:
                if one.part in told or (one.is_personal and not self.with_values):
                    continue
                told.add(one.part)
                content = one.text.encode() if one.text is not None else self.ledger.copies.path(one.hash)
                yield one.part, content, one.what

    def _lines(self, rows: HandedRows, table: str, counted: dict[str, int]) -> Iterator[bytes]:
        hidden = frozenset() if self.with_values else _WITHOUT_VALUES.get(table.removeprefix("known_"), frozenset())
        some = io.BytesIO()
        for record in rows.records(table):
            counted[table] = counted.get(table, 0) + 1
            some.write(_as_line(self._shown(record, table, hidden)))
            if some.tell() > 1 << 20:
                yield some.getvalue()
                some = io.BytesIO()
        yield some.getvalue()

    def _shown(self, record: Record, table: str, hidden: frozenset[str]) -> Record:
        """A record as it may be seen: paths of this machine become names, and what stands in cells stays here."""
        shown = {name: None if name in hidden else value for name, value in record.items()}
        if (
            "body" in hidden and record["body"] is not None
        ):  # who has the sheet can make it again, and tell that it is the same
            shown["body_hash"] = hashlib.sha256(zlib.decompress(record["body"])).hexdigest()
        for name in {"input_path", "mapping_path"} & shown.keys():
            shown[name] = Path(str(shown[name])).name
        if table == "runs" and not self.with_values and shown["stop_reason"]:
            shown["stop_reason"] = masked(str(shown["stop_reason"]), ())
        if table == "steps" and shown["detail"] and shown["step"] == "results written":
            shown["detail"] = Path(str(shown["detail"])).name
        return shown

    def _manifest(self, rows: HandedRows) -> dict[str, Any]:
        own = self.ledger.handovers.ledger_id()
        numbers = [one["run_id"] for table in ("runs", "known_runs") for one in rows.records(table)]
        return {
            "format": FORMAT,
            "package": self.package,
            "etl_version": __version__,
            "ledger_version": self.ledger.version(),
            "ledger": own,
            "made_at": self.made,
            "has_values": self.with_values,
            "account": rows.account(),
            "scope": {"mapping_name": self.scope.mapping_name, "event": self.scope.event},
            "origins": {
                number: [{"ledger": own, "run": number}]
                + [{"ledger": one.ledger, "run": one.run} for one in self.ledger.handovers.origins(number)]
                for number in numbers
            },
            "files": {number: files.as_data() for number, files in self.files.items()},
        }

    def _page(self, parts: tuple[PartInWords, ...], known_rows: int) -> HandoverPage:
        user, machine = this_actor()
        wanted = () if self.with_values else self._wanted()
        words = ["handoff", "take", self.name, *(["--with", "FOLDER"] if wanted else [])]
        listed = [known_listed(one.run_id, self.ledger) for one in self.records]
        mapping = next(iter(self.files.values())).names_account
        return HandoverPage(
            package=self.package,
            made=self.made,
            by=f"{user} on {machine}",
            ledger=Path(self.ledger.shown).name,
            etl_version=__version__,
            account="/".join(listed[0].accounts) or "without a name",
            organisation=listed[0].organisation,
            mapping_account=mapping,
            has_values=self.with_values,
            runs=tuple(
                HandedRun(one.run_id, Path(one.input_path).name, one.sheet, one.data_rows, self._counts(one))
                for one in listed
                if one.revises is None
            ),
            parts=parts,
            wanted=wanted,
            command=as_typed(words),
            known_rows=known_rows,
        )

    def _counts(self, run: ListedRun) -> dict[Outcome, int]:
        """As they stood when it was handed over: what waits there counts as unconfirmed here by now."""
        return self.ledger.handovers.counts_before(run.run_id)

    def _wanted(self) -> tuple[str, ...]:
        names = [one.name for files in self.files.values() for one in files.all if one.is_personal]
        return tuple(dict.fromkeys(names))


def known_listed(run_id: int, ledger: Ledger) -> ListedRun:
    """A run that is there, as people see it."""
    listed = ledger.listing.run(run_id)
    if listed is None:
        raise LookupError(f"run {run_id} is not in the ledger")
    return listed


def _as_line(record: Record) -> bytes:
    plain = {name: value.hex() if isinstance(value, bytes) else value for name, value in record.items()}
    return (json.dumps(plain) + "\n").encode()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            yield piece
