"""One night of an inbox: continue what an earlier one left, take what is finished, import it, file it, say what did not come.

Killed at any moment, the next call goes on: a file lies in the inbox, or in `working` with a slip that tells what it is, or
where it belongs; and what of it went out is in the ledger, which knows it again by its content.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from etl.clock import Clock, SystemClock
from etl.errors import EtlError, UsageError
from etl.events import Note, StopSignal, ignore
from etl.exits import ExitCode, code_of_stop, worst
from etl.inbox.expected import in_words, missed
from etl.inbox.filing import Filing
from etl.inbox.finished import look, without_unfinished
from etl.inbox.folders import Bundle, Folders, Slip
from etl.inbox.importing import Importing, Job
from etl.inbox.judge import Verdict, judge_error
from etl.inbox.memory import Memory
from etl.inbox.routes import ROUTES_FILE, load_routes
from etl.inbox.ways import open_ways, recognise
from etl.inbox.words import Filed, Night, What
from etl.ledger.store import Ledger
from etl.places import place_of
from etl.reconciler.names import without_our_ending
from etl.stages.prepare import inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from decimal import Decimal

    from etl.events import Event
    from etl.inbox.finished import Seen
    from etl.inbox.routes import Routes
    from etl.inbox.ways import Known, Way
    from etl.settings import Settings


@dataclass(frozen=True, slots=True)
class InboxOptions:
    """What a person may ask beside the folder. routes: the file, where it is not routes.yaml in the folder.

    jobs: most files imported side by side. ok_below: in percent; fewer rows than that may need a person.
    again: the words behind `etl` that serve this inbox once more.
    """

    routes: Path | None = None
    jobs: int = 4
    ok_below: Decimal | None = None
    on_behalf_of: str | None = None
    again: tuple[str, ...] = ("inbox",)


_NO_OPTIONS = InboxOptions()


def serve(
    folder: Path,
    settings_of: Callable[[str | None, Path], Settings],
    *,
    options: InboxOptions = _NO_OPTIONS,
    events: Callable[[Event], None] = ignore,
    filed: Callable[[Filed], None] = lambda _: None,
    stop: StopSignal | None = None,
    clock: Clock | None = None,
) -> Night:
    """Take, import and file what lies in the inbox below `folder`.

    settings_of: the settings for an account's name, None for the one that is meant without a name, and a mapping.
    filed: told of each file as soon as it lies where it belongs, in the caller's thread.
    Raises: UsageError — routes, mappings, accounts or folders are wrong; nothing was taken. BusyError — another process
    serves the folder. LedgerError — the ledger cannot be used.
    """
    now = clock or SystemClock()
    routes = load_routes(options.routes or folder / ROUTES_FILE)
    folders = Folders(folder.absolute())
    folders.make()
    settings = [settings_of(route.rules.account, route.mapping) for route in routes.routes]
    with ExitStack() as stack:

        @cache
        def opened() -> Ledger:
            return stack.enter_context(Ledger(settings[0].ledger_url, settings[0].ledger_files, now))

        stack.enter_context(folders.locked(opened))
        ledger = opened()
        ways = open_ways(routes, settings, ledger, now)
        importing = Importing(options.jobs, options.ok_below, events, stop or StopSignal(), now, options.on_behalf_of)
        filing = Filing(folders, ledger, options.again)
        night = _Night(folders, routes, ways, ledger, importing, filing, Memory(folders.root), filed, events)
        night.go_on()
        night.take_new()
        night.settle()
        night.tell_missing()
        return night.ended()


@dataclass(slots=True)
class _Night:
    """The parts of one night, and what has come of it so far."""

    folders: Folders
    routes: Routes
    ways: Sequence[Way]
    ledger: Ledger
    importing: Importing
    filing: Filing
    memory: Memory
    tell: Callable[[Filed], None]
    events: Callable[[Event], None]
    filed: list[Filed] = field(default_factory=list)
    defects: list[BaseException] = field(default_factory=list)
    growing: list[str] = field(default_factory=list)
    not_taken: list[str] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self._day(self.importing.clock.now())

    def go_on(self) -> None:
        """Continue what an earlier night left in `working`, by its content, before anything new is taken."""
        bundles, strange = self.folders.leftovers(self.today.isoformat(), self.ledger.moves.note_folder)
        for place in strange:
            reason = "nothing tells any more what lies in this folder of working. Put its file into the inbox"
            self._left(place, What.UNKNOWN, ExitCode.USAGE, reason)
        jobs = []
        for bundle in bundles:
            known = self._recognised(bundle)
            if known is None:
                continue
            if known.way is None:
                self._tell(self.filing.file(bundle, None, Verdict(What.GOES_ON, ExitCode.USAGE, known.why_not)))
            elif self._fits(bundle, known.way):
                self.events(Note(f"{bundle.slip.file}: goes on where an earlier night left it."))
                jobs.append(Job(bundle, known.way))
        self._import(jobs)

    def take_new(self) -> None:
        """Take what is finished, and import it. Of files with the same content one after the other."""
        looked = look(self.folders.inbox, self.routes.settle_seconds, self.importing.clock)
        self.growing = [place.name for place in looked.growing]
        for place, why in looked.growing.items():
            self._left(place, What.LEFT, ExitCode.DONE, f"{why}, and left for the next time")
        for place in looked.folders:
            self._left(
                place, What.UNKNOWN, ExitCode.USAGE, "it is a folder; only files that lie in the inbox itself are taken"
            )
        self._misplaced()
        waiting = dict(looked.finished)
        while waiting:
            if self.importing.stop.reason is not None:
                code = code_of_stop(self.importing.stop.signal_number)
                self.not_taken = [place.name for place in waiting]
                for place in waiting:
                    self._left(place, What.LEFT, code, f"not taken: {self.importing.stop.reason}")
                return
            waiting = self._take_once(waiting)

    def settle(self) -> None:
        """Files in attention of which every row was corrected since belong to done."""
        for one in self.filing.settle():
            self._tell(one)

    def tell_missing(self) -> None:
        """Say of which route no file came on which day, once; of none whose file is there and has to wait."""
        zone, now = self.routes.zone, self.importing.clock.now()
        for route in self.routes.routes:
            known = self.memory.of(route.name, self.today)
            if route.rules.expected is None or zone is None or any(map(route.takes, self.not_taken)):
                continue
            unfinished = next((name for name in self.growing if route.takes(without_unfinished(name))), None)
            kind, but = ("finished file", f"; {unfinished} is not whole yet") if unfinished else ("file", "")
            for day in missed(route.rules.expected, zone, now, known.since, known.arrived, known.told):
                reason = (
                    f"no {kind} from {route.name} on {in_words(day)} (expected {route.rules.expected}, {zone.key}{but})"
                )
                self._tell(
                    Filed(
                        What.MISSING,
                        self.folders.root,
                        "",
                        int(ExitCode.NEEDS_A_PERSON),
                        reason,
                        route=route.name,
                        account=route.rules.account,
                        submitter=route.rules.submitter,
                        mapping=route.mapping,
                        next_step=f"Ask {route.name} for it, and put it into {self.folders.inbox}.",
                        next_command=self.filing.again,
                        day=day,
                    )
                )
                known.told.add(day)
        self.memory.keep(self.today)

    def ended(self) -> Night:
        """All that has come of it."""
        return Night(tuple(self.filed), int(worst(one.exit_code for one in self.filed)), tuple(self.defects))

    # One step each

    def _take_once(self, waiting: dict[Path, Seen]) -> dict[Path, Seen]:
        """Import files of different content. Returns: those that wait because their content is being imported."""
        jobs: list[Job] = []
        later: dict[Path, Seen] = {}
        contents: set[str] = set()
        for place, seen in waiting.items():
            try:
                known = recognise(place, place.name, self.ways, self.ledger)
                if known.way is not None and known.hash in contents:
                    later[place] = seen
                    continue
                contents.add(known.hash)
                if known.way is None:
                    self._left(place, What.UNKNOWN, ExitCode.USAGE, known.why_not)
                elif (job := self._taken(place, seen, known, known.way)) is not None:
                    jobs.append(job)
            except EtlError as error:
                self._cannot_read(place, seen, error)
        self._import(jobs)
        return later

    def _taken(self, place: Path, seen: Seen, known: Known, way: Way) -> Job | None:
        """Move a file to working, or to where it belongs at once. Its arrival is noted before."""
        if not known.is_ours and known.repeats is None:
            self._note_arrival(way, seen)
        bundle = self.folders.take(place, self._slip(place.name, known, way))
        if known.repeats is not None:
            run = self.ledger.runs.get(known.repeats)
            day = f" on {in_words(self._day(datetime.fromtimestamp(run.started_at, UTC)))}" if run is not None else ""
            reason = f"the same file was imported before, by run {known.repeats}{day}"
            self._tell(self.filing.file(bundle, way, Verdict(What.REPEAT, ExitCode.DONE, reason)))
            return None
        finished = {run: self._places_of(run) for run in known.finished}
        return Job(bundle, way, finished) if self._fits(bundle, way) else None

    def _places_of(self, run: int) -> tuple[Path | None, Path | None]:
        """Where results and failed file of a run lie."""
        record = self.ledger.runs.get(run)
        named = (record.results_path, record.failed_path) if record is not None else (None, None)
        return place_of(named[0]) if named[0] else None, place_of(named[1]) if named[1] else None

    def _slip(self, name: str, known: Known, way: Way) -> Slip:
        """One of our own files that was renamed loses our ending: what it says of whose rows these are is not so."""
        of_runs = [run for number in known.lines_of if (run := self.ledger.runs.get(number)) is not None]
        own = without_our_ending(Path(name))
        is_renamed = known.is_ours and all(without_our_ending(Path(run.input_path)).stem != own.stem for run in of_runs)
        lies_as = own.name if is_renamed and of_runs else name
        return Slip(name, lies_as, self.today.isoformat(), way.route.name)

    def _fits(self, bundle: Bundle, way: Way) -> bool:
        """Whether the file can be read through its mapping; one that cannot is in attention afterwards."""
        try:
            inputs([bundle.file], way.loaded, self.ledger)
        except UsageError as error:
            verdict = Verdict(What.NEEDS_A_PERSON, ExitCode.USAGE, error.message)
            self._tell(self.filing.file(bundle, way, verdict, findings=error.findings))
            return False
        except EtlError as error:
            self._tell(
                self.filing.file(bundle, way, judge_error(error, is_still_written=False), findings=error.findings)
            )
            return False
        return True

    def _recognised(self, bundle: Bundle) -> Known | None:
        try:
            return recognise(bundle.file, bundle.slip.file, self.ways, self.ledger)
        except EtlError as error:
            self._tell(
                self.filing.file(bundle, None, judge_error(error, is_still_written=False), findings=error.findings)
            )
            return None

    def _import(self, jobs: Sequence[Job]) -> None:
        for one in self.importing.all(jobs):
            if one.defect is not None:
                self.defects.append(one.defect)
            if (
                one.verdict.what is What.REPEAT
            ):  # its results belong to the file that was there first, and stay up to date there
                for run, (results, failed) in one.job.finished.items():
                    self.ledger.runs.note_files(run, results, failed)
            self._tell(self.filing.file(one.job.bundle, one.job.way, one.verdict, one.summary, one.findings))

    def _note_arrival(self, way: Way, seen: Seen) -> None:
        self.memory.note_arrival(way.route.name, self._day(datetime.fromtimestamp(seen.arrived, UTC)), self.today)

    def _cannot_read(self, place: Path, seen: Seen, error: EtlError) -> None:
        """A file that cannot even be looked into, or moved: into attention if its name says whose it is, else left."""
        fitting = [way for way in self.ways if way.route.takes(place.name)]
        verdict = judge_error(error, is_still_written=False)
        if verdict.what is not What.NEEDS_A_PERSON or len(fitting) != 1 or not place.exists():
            self._left(place, What.UNKNOWN, verdict.exit_code, verdict.reason)
            return
        self._note_arrival(fitting[0], seen)
        bundle = self.folders.take(place, Slip(place.name, place.name, self.today.isoformat(), fitting[0].route.name))
        self._tell(self.filing.file(bundle, fitting[0], verdict, findings=error.findings))

    def _misplaced(self) -> None:
        """Files that somebody has put beside the inbox, where nothing takes them."""
        for place in sorted(self.folders.root.iterdir()):
            if place.is_file() and self.routes.of(place.name):
                reason = f"it lies beside the inbox, where nothing is taken. Move it into {self.folders.inbox}"
                self._left(place, What.UNKNOWN, ExitCode.USAGE, reason)

    def _left(self, place: Path, what: What, code: int, reason: str) -> None:
        routes = self.routes.of(place.name)
        route = routes[0] if len(routes) == 1 else None
        again = self.filing.again if code else ()
        name = route.name if route else None
        self._tell(
            Filed(what, self.folders.root, place.name, int(code), reason, route=name, place=place, next_command=again)
        )

    def _tell(self, one: Filed) -> None:
        self.filed.append(one)
        self.tell(one)

    def _day(self, moment: datetime) -> date:
        """The day in the zone of the routes; without one, in the zone of this machine."""
        return moment.astimezone(self.routes.zone).date()
