"""Activities out of LeadSquared into a file: of leads, or of a type in a span of time. Nothing is changed there.

Like `etl.pipeline` it prints nothing and raises `etl.errors.EtlError`.
"""

from __future__ import annotations

import csv
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from etl.clock import Clock, SystemClock
from etl.delivery.driver import cause_of
from etl.errors import BusyError, NetworkError, SourceError, StoppedError, UsageError
from etl.events import Note, Started, StopSignal, ignore
from etl.exits import ExitCode
from etl.ledger.store import Ledger
from etl.mapping.convert.cells import cell_as_seen
from etl.mapping.fetched_lines import as_fetched, defused_text
from etl.mapping.headers import nearest, same_form
from etl.reader import InputRules, open_input
from etl.reconciler.fetched import check_suffix, is_untouched, write_fetched
from etl.reconciler.fetched_columns import ASKED_FOR, FetchedColumns
from etl.reconciler.fetched_work import WorkingFile
from etl.reconciler.put_in_place import check_folder, put_in_place
from etl.stages.connect import connect
from etl.stages.fetch import FetchDesk, fetch_leads, fetch_window
from etl.stages.fetch_asked import Asked, LeadProblem, resolve
from etl.stages.lock_names import lock_name_of_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from etl.api.fetching import Line
    from etl.events import Event
    from etl.settings import Settings

_PROBLEM_HEADERS = ("Row", ASKED_FOR, "Problem", "Remedy", "Leads")


@dataclass(frozen=True, slots=True)
class OfLeads:
    """Which activities: those of leads, given by id, e-mail address or phone. event: only this type; None: all."""

    asked: tuple[Asked, ...]
    event: int | None = None


@dataclass(frozen=True, slots=True)
class OfType:
    """Which activities: those of a type that were created or last changed in a span. Aware; until: None is now."""

    event: int
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """Where the activities go. zone: of further columns with local times. anew: forget what a broken fetch has brought."""

    path: Path
    zone: ZoneInfo | None = None
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """How a fetch ended. output: None if it was broken off. problems: of single leads; failed: the file that lists them."""

    output: Path | None
    activities: int
    leads: int
    problems: tuple[LeadProblem, ...]
    failed: Path | None
    exit_code: int
    stop_reason: str | None = None


def asked_in(file: Path, column: str, sheet: str | None = None) -> tuple[Asked, ...]:
    """The values of one column, each with its row; empty cells are left out.

    Raises: SourceError — the file cannot be read. UsageError — it has no such column, or two of them.
    """
    with open_input(file, InputRules(sheet)) as opened:
        found = [one for one in opened.table.columns if same_form(one.header) == same_form(column)]
        if len(found) != 1:
            headers = [one.header for one in opened.table.columns if one.header]
            close = nearest(column, headers)
            hint = f'Did you mean "{close}"?' if close and not found else f"It has: {', '.join(headers)}."
            raise UsageError(f'{file}: there {"are two columns" if found else "is no column"} "{column}". {hint}')
        asked = []
        for block in opened.blocks():
            cells = block.frame[found[0].letter]
            rows = zip(block.frame.index.tolist(), cells.tolist(), strict=True)
            asked += [Asked(cell_as_seen(as_fetched(cell)).strip(), row) for row, cell in rows]
    return tuple(one for one in asked if one.value)


def fetch(
    settings: Settings,
    question: OfLeads | OfType,
    output: Output,
    *,
    events: Callable[[Event], None] = ignore,
    stop: StopSignal | None = None,
    clock: Clock | None = None,
) -> Fetched:
    """Write the activities into a .csv or .xlsx file, whole or not at all; a fetch that was broken off goes on.

    Raises:  UsageError, SourceError, RefusedError, NetworkError, BusyError, LedgerError — see etl.errors.
    """
    now, asked = clock or SystemClock(), stop or StopSignal()
    if isinstance(question, OfLeads) and not question.asked:
        raise SourceError("No lead is asked for: the column has no value. Nothing was fetched.")
    path = output.path
    check_suffix(path)
    check_folder(path)
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger(settings.ledger_url, settings.ledger_files, now))
        connection = stack.enter_context(connect(settings.account, ledger, now, asked))
        events(Started(connection.account.name, connection.organisation, ledger.shown))
        account_id = connection.record.account_id
        try:
            stack.enter_context(ledger.lock_input(account_id, lock_name_of_path(account_id, "fetch", path)))
        except BusyError as error:
            raise BusyError(
                f"Another process is fetching into {path.name} at this moment. Wait for its end."
            ) from error
        asks = _as_json(question, connection.record.identity)
        work = stack.enter_context(WorkingFile(path, asks, now.now(), anew=output.anew))
        if work.is_resumed:
            events(
                Note(
                    f"Goes on with what was fetched since {work.begun:%Y-%m-%d %H:%M} UTC ({work.path.name}); "
                    "--anew would forget it."
                )
            )
        desk = FetchDesk(connection, work, now, events, asked, path.name)
        return _Fetch(desk, output, is_of_leads=isinstance(question, OfLeads)).go(question)


class _Fetch:
    """One fetch under way."""

    def __init__(self, desk: FetchDesk, output: Output, *, is_of_leads: bool) -> None:
        self._desk = desk
        self._path = output.path
        self._zone = output.zone
        self._is_of_leads = is_of_leads

    def go(self, question: OfLeads | OfType) -> Fetched:
        try:
            if isinstance(question, OfType):
                is_through = fetch_window(self._desk, question.event, question.since, question.until)
                return self._written({}, ()) if is_through else self._stopped()
            found = resolve(question.asked, self._desk.connection, self._desk.work, self._desk.stop)
            problems = found.problems + fetch_leads(self._desk, found.leads, question.event)
        except StoppedError:
            return self._stopped()
        except NetworkError as error:
            kept = f" What was fetched is kept in {self._desk.work.path.name}: the same command goes on."
            raise NetworkError(error.message + kept, is_final=error.is_final, is_fault=error.is_fault) from error
        has_all = self._desk.stop.reason is None or found.leads.keys() <= self._desk.work.leads.keys()
        is_asked = self._desk.stop.reason is None or not found.problems
        return self._written(found.leads, problems) if has_all and is_asked else self._stopped()

    def _stopped(self) -> Fetched:
        cause = cause_of(self._desk.stop)
        work = self._desk.work
        return Fetched(None, work.activities, len(work.leads), (), None, int(cause.exit_code), cause.reason)

    def _written(self, leads: Mapping[str, Asked], problems: Sequence[LeadProblem]) -> Fetched:
        """Put the output in its place, and only then let go of the working file."""
        place, count = self._write(leads)
        failed = self._write_problems(problems) if problems else None
        self._desk.work.remove()
        code = ExitCode.NEEDS_A_PERSON if problems else ExitCode.DONE
        return Fetched(place, count, len(leads), tuple(problems), failed, int(code))

    def _write(self, leads: Mapping[str, Asked]) -> tuple[Path, int]:
        columns = FetchedColumns.of(self._desk.work.columns, self._zone, has_asked=self._is_of_leads)
        count = 0

        def counted() -> Iterator[tuple[Line, str | None]]:
            nonlocal count
            for fetched in self._lines(leads):
                count += 1
                yield fetched

        place, cut = write_fetched(self._path, columns, counted(), is_untouched)
        if cut:
            self._desk.events(
                Note(f"{cut:,} texts are longer than a workbook's cell and were cut; a .csv has them whole.")
            )
        return place, count

    def _lines(self, leads: Mapping[str, Asked]) -> Iterator[tuple[Line, str | None]]:
        """Each activity once, in the order in which the leads were asked for."""
        if not self._is_of_leads:
            yield from ((line, None) for line in self._desk.work.lines_of_parts())
            return
        seen: set[str] = set()
        for key, one in leads.items():
            for line in self._desk.work.lines_of_lead(key) if key in self._desk.work.leads else ():
                activity_id = line["ProspectActivityId"].casefold()
                if activity_id not in seen:
                    seen.add(activity_id)
                    yield line, one.value

    def _write_problems(self, problems: Sequence[LeadProblem]) -> Path:
        """A list to correct: it can be asked for again with --leads and --column AskedFor."""

        def write(draft: Path) -> None:
            with draft.open("w", encoding="utf-8-sig", newline="") as stream:
                writer = csv.writer(stream, lineterminator="\r\n")
                writer.writerow(_PROBLEM_HEADERS)
                for one in problems:
                    row = "" if one.asked.row is None else one.asked.row
                    told = (one.asked.value, one.problem, one.remedy, " ".join(one.leads))
                    writer.writerow([row, *map(defused_text, told)])

        return put_in_place(self._path.with_name(f"{self._path.stem}.not-fetched.csv"), write, lambda _there: False)


def _as_json(question: OfLeads | OfType, account: str) -> dict[str, object]:
    """What makes two fetches the same. Of leads not which: those that are there already need not be asked again."""
    if isinstance(question, OfLeads):
        return {"account": account, "of": "leads", "event": question.event}
    since = question.since.isoformat()
    until = question.until.isoformat() if question.until else None
    return {"account": account, "of": "type", "event": question.event, "since": since, "until": until}
