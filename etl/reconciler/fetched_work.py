"""What a fetch has brought so far, in a file beside its output: one JSON object a line, only ever added to.

A process that dies leaves a last line that is cut off at most; it is dropped, and what it told is asked again. The file
goes when the output is in its place. It holds no more than the output will, and never a key.
"""

from __future__ import annotations

import json
from contextlib import ExitStack, suppress
from datetime import datetime
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO, Self

from etl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from etl.api.fetching import Line

_VERSION = 1
_ENDING = ".unfinished"


class WorkingFile:
    """The working file of one output, open. Adding is safe from several threads; reading is not, beside adding.

    columns: of all activities in it. activities: how many lines it holds, some maybe twice. leads: casefolded id → how many
    more activities LeadSquared counts than it showed. found: asked value → the ids of its leads. reached: up to which
    ModifiedOn a type was read, None at the beginning. read_at: when that was. is_resumed: an earlier process began it.
    """

    def __init__(self, output: Path, question: Mapping[str, object], now: datetime, *, anew: bool = False) -> None:
        """question: what is fetched, as JSON would give it back. anew: forget what an earlier process has brought.

        Raises: UsageError — it holds the answers to another question, is none of ours, or cannot be written.
        """
        self.path = output.with_name(output.name + _ENDING)
        self.columns: set[str] = set()
        self.activities = 0
        self.leads: dict[str, int] = {}
        self.found: dict[str, tuple[str, ...]] = {}
        self.reached: datetime | None = None
        self.read_at: datetime | None = None
        self.begun = now
        self._question = dict(question)
        self._places: dict[str, int] = {}  # lead → offset of its line
        self._empty: set[str] = set()  # leads without an activity
        self._parts: list[int] = []  # offsets
        self._last: dict[int, int] = {}  # activity of a part → offset of the last line that has it
        self._lock = Lock()
        try:
            if anew:
                self.path.unlink(missing_ok=True)
            self._stream: BinaryIO = self.path.open("a+b")
        except OSError as error:
            raise self._cannot_write(error) from error
        with ExitStack() as opened:
            opened.callback(self._stream.close)
            self._load()
            opened.pop_all()
        self.is_resumed = bool(self.leads or self.found or self._parts)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stream.close()

    # What comes in

    def note_found(self, value: str, lead_ids: Sequence[str]) -> None:
        """The leads that a value belongs to."""
        self._add({"asked": value, "leads": list(lead_ids)})

    def note_lead(self, lead_id: str, lines: Sequence[Line], missing: int) -> None:
        """All activities of a lead."""
        self._add({"lead": lead_id.casefold(), "missing": missing, "lines": lines})

    def note_part(self, until: datetime, lines: Sequence[Line], now: datetime) -> None:
        """All activities of a type up to a moment, from where the part before ended."""
        self._add({"until": until.isoformat(), "read": now.isoformat(), "lines": lines})

    # What is told

    def lines_of_lead(self, lead_id: str) -> list[Line]:
        """The activities of a lead that was noted, oldest first."""
        return self._lines_at(self._places[lead_id.casefold()])

    def has_nothing_of(self, lead_id: str) -> bool:
        """Whether the lead was read and has no activity."""
        return lead_id.casefold() in self._empty

    def lines_of_parts(self) -> Iterator[Line]:
        """The activities of all parts, each once, in its last state."""
        for offset in self._parts:
            for line in self._lines_at(offset):
                if self._last[_known_by(line)] == offset:
                    yield line

    def remove(self) -> None:
        """The output is in its place."""
        self._stream.close()
        with suppress(OSError):  # then the next fetch writes the same once more
            self.path.unlink()

    # Within

    def _load(self) -> None:
        """Take in what is there. A line that is cut off, or was never forced to the disk, ends the file."""
        self._stream.seek(0)
        offset, head = 0, True
        for raw in self._stream:
            record = _record(raw)
            if head and raw.endswith(b"\n"):
                self._check_head(record)
            if record is None:
                break
            if not head:
                self._take_in(record, offset)
            head = False
            offset += len(raw)
        self._stream.truncate(offset)
        if head:
            self._write_head()

    def _write_head(self) -> None:
        try:
            self._append({"etl_fetch": _VERSION, "begun": self.begun.isoformat(), "question": self._question})
        except OSError as error:
            raise self._cannot_write(error) from error

    def _check_head(self, record: Mapping[str, object] | None) -> None:
        if record is None or record.get("etl_fetch") != _VERSION:
            raise UsageError(
                f"{self.path} is no working file of this etl fetch. Move it away, or give the output another name with -o."
            )
        self.begun = datetime.fromisoformat(str(record["begun"]))
        if record["question"] != self._question:
            raise UsageError(
                f"{self.path} holds what an earlier etl fetch with another question has brought, begun "
                f"{self.begun:%Y-%m-%d %H:%M} UTC. Let that command run to its end, give the output another name with -o, "
                "or forget it with --anew."
            )

    def _add(self, record: dict[str, object]) -> None:
        with self._lock:
            try:
                self._take_in(record, self._append(record))
            except OSError as error:
                raise self._cannot_write(error) from error

    def _append(self, record: Mapping[str, object]) -> int:
        """Returns: the offset of its line."""
        offset = self._stream.seek(0, 2)
        self._stream.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        self._stream.flush()
        return offset

    def _take_in(self, record: Mapping[str, object], offset: int) -> None:
        lines: Sequence[Line] = record.get("lines", ())  # type: ignore[assignment]  # we wrote it
        self.activities += len(lines)
        for line in lines:
            self.columns.update(line)
        if "lead" in record:
            self.leads[str(record["lead"])] = int(str(record["missing"]))
            self._places[str(record["lead"])] = offset
            if not lines:
                self._empty.add(str(record["lead"]))
        elif "asked" in record:
            self.found[str(record["asked"])] = tuple(record["leads"])  # type: ignore[arg-type]  # we wrote it
        elif "until" in record:
            self.reached = datetime.fromisoformat(str(record["until"]))
            self.read_at = datetime.fromisoformat(str(record["read"]))
            self._parts.append(offset)
            self._last.update({_known_by(line): offset for line in lines})

    def _lines_at(self, offset: int) -> list[Line]:
        self._stream.seek(offset)
        lines: list[Line] = json.loads(self._stream.readline())["lines"]
        return lines

    def _cannot_write(self, error: OSError) -> UsageError:
        reason = error.strerror or str(error) or type(error).__name__
        return UsageError(
            f"{self.path.name} cannot be written in {self.path.parent.absolute()}: {reason}. Make room or make the folder "
            "writable, or name another place with -o; the same command goes on with what is there."
        )


def _record(raw: bytes) -> Mapping[str, object] | None:
    if not raw.endswith(b"\n"):
        return None
    try:
        record = json.loads(raw)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _known_by(line: Line) -> int:
    """An activity's id in eight bytes: a million of them stay in memory."""
    return int.from_bytes(blake2b(line["ProspectActivityId"].casefold().encode(), digest_size=8).digest())
