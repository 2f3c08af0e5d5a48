"""A run into another ledger: packed and given away here, taken there. Prints nothing; errors are `etl.errors.EtlError`.

Giving and taking are apart in time and place, and neither side can ask the other. So the safe state comes first: the run is
marked as gone before its package is there, and a package that was taken is joined before anything can be sent. Whatever is
broken off between is typed again: giving writes the same package once more, taking says that it was taken and lays its files.
"""

from __future__ import annotations

import csv
import json
import tempfile
import uuid
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl import __version__
from etl.care import known_run, opened
from etl.clock import Clock, SystemClock
from etl.errors import EtlError, LedgerError, UsageError
from etl.events import Started, StopSignal, ignore
from etl.ledger.handed_rows import Origin, Scope
from etl.ledger.joining import Incoming
from etl.ledger.store import Ledger
from etl.places import place_of
from etl.quoting import as_typed
from etl.reconciler.names import ResultNames
from etl.reconciler.put_in_place import put_in_place
from etl.report import Wanted, write_report
from etl.stages.connect import connect
from etl.stages.handed_files import (
    files_of_run,
    from_manifest,
    in_one_folder,
    lay,
    mapping_hash_of,
)
from etl.stages.handed_over import refuse_handed_over
from etl.stages.lock_names import lock_name_of_content
from etl.stages.package import Package
from etl.stages.packing import FORMATS, MANIFEST, REPORT, Packing
from etl.stages.past_runs import run_command
from etl.stages.rebuilt_bodies import rebuild_bodies
from etl.stages.rewrite import names_of, write_again
from etl.stages.writer import ResultsWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from etl.events import Event
    from etl.ledger.handed_rows import Record
    from etl.ledger.runs import RunRecord
    from etl.settings import Account, Settings
    from etl.stages.connect import Connection
    from etl.stages.handed_files import FilesOfRun


@dataclass(frozen=True, slots=True)
class Handed:
    """A package that was written. runs: what it holds. again: it was written before, and this is the same once more."""

    package: Path
    runs: tuple[int, ...]
    has_values: bool
    again: bool


@dataclass(frozen=True, slots=True)
class TakenRun:
    """A run that goes on here. there: its number in the ledger that gave it. left: rows that wait. in_doubt: unconfirmed."""

    run: int
    there: int
    input: Path
    left: int
    in_doubt: int
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TakenOver:
    """A package that was taken. before: it had been taken already. folder: where its files lie."""

    runs: tuple[TakenRun, ...]
    folder: Path
    before: bool
    has_values: bool


def give(
    settings: Settings,
    run_id: int,
    out: Path,
    *,
    with_values: bool = False,
    accounts: Iterable[Account] = (),
    clock: Clock | None = None,
) -> Handed:
    """Write a run as a package and leave it to whoever takes that. Runs that its rows hang together with go along.

    Raises: UsageError — no such run, another ledger's, or the file cannot be written. BusyError — a process is at work on it.
            LedgerError — a kept copy is gone.
    """
    now = clock or SystemClock()
    with opened(settings, now) as ledger, ExitStack() as stack:
        known_run(run_id, ledger)
        before = ledger.handovers.given(run_id)
        if before is None:
            refuse_handed_over(run_id, ledger)
            numbers = _family(run_id, ledger)
        else:
            numbers = ledger.handovers.given_with(before.package)
        records = [_record(number, ledger) for number in numbers]
        scope = _one_scope(records, ledger)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="etl-handoff-")))
        write_report(settings, _first(records).run_id, Wanted(folder / REPORT, with_values, as_typed), accounts, now)
        for name in {lock_name_of_content(one.scope_id, one.sheet, one.input_hash) for one in records}:
            stack.enter_context(ledger.lock_input(scope.account_id, name))
        for one in records:
            ledger.requests.close_lost(one.run_id)
        files = in_one_folder({one.run_id: files_of_run(one, ledger) for one in records})
        _write_results(records, folder, ledger, with_values=with_values)
        package = before.package if before else str(uuid.uuid4())
        packing = Packing(ledger, records, scope, files, package, with_values, now.now().timestamp(), out.name)
        if before is None:
            ledger.handovers.give(numbers, package)
        try:
            place = put_in_place(out, lambda draft: packing.write(draft, folder), lambda _: False)
        except BaseException:
            if before is None:  # there is no package that anybody could take
                ledger.handovers.take_back(numbers)
            raise
    if with_values:
        with suppress(OSError):
            place.chmod(0o600)
    return Handed(place, tuple(numbers), with_values, before is not None)


def take_back(settings: Settings, run_id: int, clock: Clock | None = None) -> tuple[int, ...]:
    """Let a run go on here that was handed over, by the word of a person that nobody has taken the package, or will.

    Returns: the runs that had gone along with it. Raises: UsageError — no such run, or it was not handed over.
    """
    with opened(settings, clock) as ledger:
        known_run(run_id, ledger)
        given = ledger.handovers.given(run_id)
        if given is None:
            raise UsageError(f"Run {run_id} is not handed over: nothing needs to be taken back.")
        numbers = ledger.handovers.given_with(given.package)
        ledger.handovers.take_back(numbers)
        return numbers


def take(
    settings: Settings,
    path: Path,
    into: Path | None,
    looked_for_in: Sequence[Path] = (),
    *,
    events: Callable[[Event], None] = ignore,
    stop: StopSignal | None = None,
    clock: Clock | None = None,
) -> TakenOver:
    """Join a package's runs to the ledger here, and lay their files into a folder. Nothing is sent but the question whose
    keys these are.

    Args:    into: the folder, by default one named after the package. looked_for_in: files, or folders of files, among which
             those are that a package without values does not hold.
    Raises:  UsageError — no package, damaged, of another account, or files are missing. RefusedError, NetworkError,
             LedgerError, BusyError.
    """
    now = clock or SystemClock()
    with Package(path) as package, ExitStack() as stack:
        manifest = _manifest(package, path)
        folder = (into or path.with_suffix("")).absolute()
        ledger = stack.enter_context(Ledger(settings.ledger_url, settings.ledger_files, now))
        files = from_manifest(manifest)
        connection = stack.enter_context(connect(settings.account, ledger, now, stop))
        events(Started(connection.account.name, connection.organisation, ledger.shown))
        _refuse_another_account(manifest, connection, path)
        before = ledger.handovers.taken(manifest["package"])
        if not before:
            _refuse_own(manifest, ledger)
        laid = lay(files, package, looked_for_in, path, folder)
        for one in {one.hash: one for each in files.values() for one in each.all}.values():
            ledger.copies.keep(laid.of[one.hash], one.kind)
        account_id = connection.record.account_id
        named = manifest["scope"]["mapping_name"], manifest["scope"]["event"]
        scope_id = ledger.accounts.scope(account_id, *named)
        for name in {
            lock_name_of_content(scope_id, one["sheet"], one["input_hash"]) for one in _records(package, "runs")
        }:
            stack.enter_context(ledger.lock_input(account_id, name))
        if before:
            _note_places(before, manifest, laid.runs, ledger)
        else:
            ledger.handovers.join(_incoming(package, manifest, Scope(scope_id, account_id, *named), files, laid.runs))
            _rebuild_bodies(package, manifest, ledger)
        numbers = ledger.handovers.taken(manifest["package"])
        _write_results_here(numbers, ledger)
        joined = [_record(number, ledger) for number in numbers]
        runs = tuple(_taken(one, manifest, ledger) for one in joined if one.revises is None)
    return TakenOver(runs, folder, bool(before), bool(manifest["has_values"]))


# Giving


def _family(run_id: int, ledger: Ledger) -> tuple[int, ...]:
    """The run and those whose rows hang together with its rows: none of them may stay behind."""
    found: set[int] = set()
    to_ask = {run_id}
    while to_ask:
        number = to_ask.pop()
        found.add(number)
        record = _record(number, ledger)
        bound = ledger.handovers.bound_to(number) | set(ledger.doubts.other_runs(number))
        bound |= {one.run_id for one in ledger.runs.of_one_workbook(record)} if record.sheet is not None else set()
        for other in bound - found:
            refuse_handed_over(other, ledger)
            to_ask.add(other)
    return tuple(sorted(found))


def _record(run_id: int, ledger: Ledger) -> RunRecord:
    record = ledger.runs.get(run_id)
    if record is None:
        raise LookupError(f"run {run_id} is not in the ledger")
    return record


def _first(records: Sequence[RunRecord]) -> RunRecord:
    return next((one for one in records if one.revises is None), records[0])


def _one_scope(records: Sequence[RunRecord], ledger: Ledger) -> Scope:
    scopes = {(one.scope_id, one.account_id) for one in records}
    if len(scopes) > 1:
        raise LedgerError(
            f"Rows of the runs {', '.join(str(one.run_id) for one in records)} wait for each other, and they were imported "
            "through different mappings: they cannot go to another ledger together. Run or verify them here first."
        )
    ((scope_id, account_id),) = scopes
    listed = known_run(records[0].run_id, ledger)
    return Scope(scope_id, account_id, listed.mapping_name, listed.event)


def _write_results(records: Sequence[RunRecord], folder: Path, ledger: Ledger, *, with_values: bool) -> None:
    """Results and failed rows as files: whole, or our own columns alone."""
    for one in records:
        if one.revises is not None:
            continue
        if not with_values:
            _write_bare(one, folder / f"run{one.run_id}.results.csv", ledger)
            continue
        ending = ".xlsx" if one.sheet is not None else ".csv"
        out = folder / f"run{one.run_id}.results{ending}"
        names = ResultNames.for_input(place_of(one.input_path), None, rehearsal=False, is_workbook=False, results=out)
        write_again(one, names, ResultsWriter(ledger), ledger, is_their_place=False)


def _write_bare(run: RunRecord, place: Path, ledger: Ledger) -> None:
    with place.open("w", encoding="utf-8-sig", newline="") as stream:
        lines = csv.writer(stream, lineterminator="\r\n")
        lines.writerow(("etl_row", "etl_status", "ProspectActivityId", "etl_code", "etl_run"))
        for row in ledger.runs.lines(run.run_id):
            lines.writerow((row.row_number, row.outcome.value, row.activity_id or "", row.code or "", run.run_id))


# Taking


def _manifest(package: Package, path: Path) -> dict[str, Any]:
    if MANIFEST not in package.names:
        raise UsageError(f"{path} is no package of etl handoff: it has no {MANIFEST}. Nothing was taken.")
    with package.open(MANIFEST) as part:
        manifest: dict[str, Any] = json.load(part)
    if manifest.get("format") not in FORMATS:
        raise UsageError(
            f"{path} was written by etl {manifest.get('etl_version')}, in a form that this etl {__version__} does not know. "
            "Nothing was taken. Install the etl that wrote it, or a newer one."
        )
    return manifest


def _records(package: Package, table: str) -> Iterator[Record]:
    for line in package.lines(f"ledger/{table}.jsonl"):
        record: Record = json.loads(line)
        yield record


def _refuse_another_account(manifest: dict[str, Any], connection: Connection, path: Path) -> None:
    theirs, ours = str(manifest["account"]["identity"]), connection.record.identity
    if theirs == ours:
        return
    if not theirs.startswith("org:"):
        raise UsageError(
            f"{path} is of the account {theirs.removeprefix('host:')}, of which LeadSquared never told the organisation. Nothing "
            f"was taken: whether {ours.partition(':')[2]}, to which these keys belong, is the same cannot be told. Name the "
            "account in your settings as it is named there, on the same host."
        )
    raise UsageError(
        f"{path} is of the organisation {theirs.removeprefix('org:')}, and the keys of {connection.account.name} belong to "
        f"{connection.organisation}. Nothing was taken, because its rows would go into another company's LeadSquared. Name the "
        "account with -a, or set its keys."
    )


def _refuse_own(manifest: dict[str, Any], ledger: Ledger) -> None:
    """A package that this very ledger wrote: its run is here."""
    if manifest["ledger"] == ledger.handovers.ledger_id():
        runs = ", ".join(manifest["files"])
        first = next(iter(manifest["files"]))
        raise UsageError(
            f"This ledger wrote the package itself: run {runs} is here. Nothing was taken. To go on here: etl handoff take-back "
            f"{first}."
        )


def _incoming(
    package: Package,
    manifest: dict[str, Any],
    scope: Scope,
    files: Mapping[int, FilesOfRun],
    places: Mapping[int, tuple[str, str]],
) -> Incoming:
    """What the ledger here is to take over. scope: as it is called here. places: run → where its input and mapping lie."""
    return Incoming(
        package=manifest["package"],
        scope_id=scope.scope_id,
        account_id=scope.account_id,
        account=manifest["account"],
        origins={
            int(run): [Origin(one["ledger"], one["run"]) for one in chain] for run, chain in manifest["origins"].items()
        },
        places=places,
        mapping_hashes={run: mapping_hash_of(one) for run, one in files.items()},
        records=lambda table: _records(package, table),
    )


def _note_places(
    numbers: Sequence[int], manifest: dict[str, Any], places: dict[int, tuple[str, str]], ledger: Ledger
) -> None:
    """Of a package that was taken before the files may lie elsewhere now."""
    for number in numbers:
        for origin in ledger.handovers.origins(number):
            if origin.ledger == manifest["ledger"] and origin.run in places:
                ledger.handovers.note_paths(number, *places[origin.run])


def _rebuild_bodies(package: Package, manifest: dict[str, Any], ledger: Ledger) -> None:
    """Of a package without values: its requests, as far as the sheet tells what they were."""
    if manifest["has_values"]:
        return
    here = ledger.handovers.requests_taken()
    hashes = {
        here[one["request_id"]]: one["body_hash"] for one in _records(package, "requests") if one.get("body_hash")
    }
    for number in ledger.handovers.taken(manifest["package"]):
        run = _record(number, ledger)
        if run.revises is None:
            rebuild_bodies(run, place_of(run.input_path), place_of(run.mapping_path), hashes, ledger)


def _write_results_here(numbers: Sequence[int], ledger: Ledger) -> None:
    """Results under the numbers of this ledger, beside the sheet. If they cannot be written, the run writes them later."""
    for number in numbers:
        run = _record(number, ledger)
        if run.revises is None:
            with suppress(EtlError, OSError):
                write_again(run, names_of(run), ResultsWriter(ledger), ledger, is_their_place=True)


def _taken(run: RunRecord, manifest: dict[str, Any], ledger: Ledger) -> TakenRun:
    listed = known_run(run.run_id, ledger)
    there = next((one.run for one in ledger.handovers.origins(run.run_id) if one.ledger == manifest["ledger"]), 0)
    counts = {outcome.value: rows for outcome, rows in listed.counts.items()}
    command = run_command(listed)
    return TakenRun(
        run.run_id, there, Path(run.input_path), counts.get("waiting", 0), counts.get("unconfirmed", 0), command
    )
