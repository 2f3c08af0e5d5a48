"""An office that imports sheets: the real stages and ledger against the simulator in process and in virtual time.

A test says what goes wrong (faults, switches, what happens at which event), lets commands run, and looks at what
LeadSquared holds, what was asked, and what the ledger says.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from etl import proof
from etl.api.reads import who_am_i
from etl.events import Event, InputSummary, Note, ReadingBack, RunOptions, StopSignal
from etl.ledger.requests import Allowance
from etl.ledger.store import Ledger
from etl.proof import Assumption, Check, Rebuilt, Verified
from etl.records import Limit, Outcome, Window
from etl.settings import Account, Settings
from etl.simulator import Fault, Latency, SimRequest, SimulatorOptions, Switches
from etl.simulator.core import Simulator
from etl.simulator.index import ActivityIndex
from etl.simulator.store import StoredActivity
from etl.stages.connect import Connection
from etl.stages.slots import ReadSlots
from tests.kept_bodies import bodies_sent
from tests.laws.quick import open_ledger, quickly
from tests.laws.virtual import Steps, VirtualClient, World, account, import_files

MAPPING = """\
version: 1
name: visits
operation: add-by-lead-field
search_by: EmailAddress
activity: {event: 320}
columns:
  Email: SearchByValue
  Visit: mx_Custom_1
  Remarks: ActivityNote
"""
ROW_KEY = "row_key_field: mx_Custom_20\n"
UNIQUE = "unique_by: [Visit]\n"
HEADERS = ("Email", "Visit", "Remarks")
VISIT, KEY = "mx_Custom_1", "mx_Custom_20"
ADDING = "/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadField"
BY_EVENT = "asked CustomActivity/RetrieveByActivityEvent"
NO_OPTIONS = RunOptions()
PLENTY = Limit(25, 5)
ONE_BY_ONE = Limit(1, 5)
"""Under this limit a request has ended before the next one is sent, which is later then."""


def visit(number: int, **cells: str) -> dict[str, str]:
    """One row, the same for the same number; nine leads have them all."""
    row = {"Email": f"lead{number % 9}@example.com", "Visit": f"V{number:03}", "Remarks": f"note {number}"}
    return row | cells


def visits(last: int, first: int = 1) -> list[dict[str, str]]:
    return [visit(number) for number in range(first, last + 1)]


@dataclass
class Office:
    """A desk, and LeadSquared. heard: what the commands told, with the moment; happens: called with each event as it is told."""

    folder: Path
    world: World
    mapping: str = MAPPING
    waits: tuple[float, float] = (90.0, 300.0)
    daily: int | None = None
    limit: Limit = PLENTY
    heard: list[tuple[float, Event]] = field(default_factory=list)
    happens: Callable[[Event], None] = lambda _event: None
    stop: StopSignal = field(default_factory=StopSignal)

    # Commands

    def sheet(self, rows: Iterable[Mapping[str, str]] | int, name: str = "visits.csv") -> Path:
        """A sheet with these rows, or so many visits."""
        path = self.folder / name
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, HEADERS)
            writer.writeheader()
            writer.writerows(visits(rows) if isinstance(rows, int) else rows)
        return path

    def run(
        self, sheet: Path, home: str = "home", steps: Steps | None = None, options: RunOptions = NO_OPTIONS
    ) -> InputSummary:
        """`etl run`. Raises what the command raises where there is one input."""
        (self.folder / "visits.yaml").write_text(self.mapping, encoding="utf-8")
        (summary,) = import_files(
            self.world,
            self.folder / home,
            [sheet],
            self.folder / "visits.yaml",
            steps,
            options,
            stop=self.stop,
            account_=self.account,
            events=self._hear,
        )
        return summary

    def verify(self, run: int = 1, check: Check | None = None, assume: Assumption | None = None) -> Verified:
        """`etl verify`."""
        with self._proving():
            return proof.verify(
                self._settings("home"),
                run,
                check=check,
                assume=assume,
                events=self._hear,
                stop=self.stop,
                clock=self.world.clock,
            )

    def rebuild(self, since: Any, home: str = "home", event: int = 320) -> Rebuilt:
        """`etl ledger rebuild`."""
        with self._proving(home):
            return proof.rebuild(self._settings(home), event, since, events=self._hear, clock=self.world.clock)

    @contextmanager
    def _proving(self, home: str = "home") -> Iterator[None]:
        """`etl.proof` with this world in the place of the network, the clock and the slow ways of a ledger."""
        place = self.folder / home

        @contextmanager
        def connecting(known: Account, ledger: Ledger, _clock: object, _stop: object = None) -> Iterator[Connection]:
            yield self.connection(known, ledger)

        with (
            patch("etl.proof.Ledger", lambda _url, _files, clock: open_ledger(place, clock)),
            patch("etl.proof.connect", connecting),
            quickly(),
            self.world.life(),
        ):
            yield

    def _settings(self, home: str) -> Settings:
        return Settings(self.account, f"sqlite:///{self.folder / home / 'ledger.db'}", self.folder / home / "files")

    @property
    def account(self) -> Account:
        known = account(self.world, self.limit, self.daily)
        return replace(known, visibility_wait_seconds=self.waits[0], late_wait_seconds=self.waits[1])

    def connection(self, known: Account, ledger: Ledger) -> Connection:
        """The account as `stages/connect.py` hands it over."""
        allowance = Allowance({Window.BULK: known.bulk_limit, Window.GENERAL: known.limit}, known.daily_requests)
        keys = (known.access_key.reveal(), known.secret_key.reveal())
        client = VirtualClient(self.world, Steps(), keys)
        record = ledger.accounts.meet(str(known.base_url), known.name, self.world.simulator.options.organisation_id)
        slots = ReadSlots(ledger, record, lambda: allowance, self.world.clock)
        identity = who_am_i(client, slots.take)
        user_id = identity.user_id if identity else None
        return Connection(known, record, client, allowance, "Virtual (90001)", slots, user_id, identity is not None)

    def _hear(self, event: Event) -> None:
        self.heard.append((self.world.seconds, event))
        self.happens(event)

    # What was told

    @property
    def notes(self) -> list[str]:
        return [event.text for _, event in self.heard if isinstance(event, Note)]

    @property
    def countdown(self) -> list[tuple[float, ReadingBack]]:
        return [(moment, event) for moment, event in self.heard if isinstance(event, ReadingBack)]

    # LeadSquared

    @property
    def simulator(self) -> Simulator:
        return self.world.simulator

    @property
    def stored(self) -> Counter[str]:
        """How often LeadSquared holds each visit that our user has written."""
        email = self.simulator.options.user_email
        ours = (one for one in self.simulator.activities() if one["CreatedByEmailAddress"] == email)
        return Counter(_field(one, VISIT) for one in ours if one["ActivityEvent"] == 320)

    @property
    def ids(self) -> dict[str, str]:
        """The id under which LeadSquared holds each visit; the last one's where it holds it more than once."""
        return {_field(one, VISIT): one["ProspectActivityId"] for one in self.simulator.activities()}

    def asked(self, what: str = BY_EVENT) -> int:
        """How many requests of that kind have arrived."""
        return self.world.happened[what]

    @property
    def asked_in_all(self) -> int:
        return sum(count for name, count in self.world.happened.items() if name.startswith("asked "))

    def edit(self, is_meant: Callable[[StoredActivity], bool], **changes: Any) -> int:
        """Change activities behind our back; one that gets another `event` is as good as deleted. Returns: how many."""
        store = self.simulator._account.store
        edited = [replace(one, **changes) if is_meant(one) else one for one in store._activities]
        count = sum(is_meant(one) for one in store._activities)
        store._activities[:] = edited
        store.index = ActivityIndex(edited)
        return count

    def switch(self, **changes: Any) -> None:
        """The account behaves otherwise from now on."""
        options = self.simulator.options
        object.__setattr__(options, "switches", replace(options.switches, **changes))  # frozen for everybody else

    def delete(self, *visit_names: str) -> int:
        return self.edit(lambda one: any(field["Value"] in visit_names for field in one.fields), event=999)

    def write_foreign(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Activities of the type that somebody else writes with the same keys, 25 at a time and a second apart."""
        options = self.simulator.options
        headers = {"x-lsq-accesskey": options.access_key, "x-lsq-secretkey": options.secret_key}
        query = (("searchBy", "EmailAddress"),)
        for start in range(0, len(rows), 25):
            body = json.dumps(rows[start : start + 25]).encode()
            request = SimRequest("POST", ADDING, query, headers | {"content-type": "application/json"}, body)
            assert self.simulator.handle(request, self.world.seconds, self.world.wall()).status == 200
            self.world.pass_time(1.0)

    # The ledger

    def ask(self, query: str, home: str = "home") -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / home / "ledger.db")) as connection:
            found = connection.execute(query).fetchall()
            connection.commit()
            return found

    def bodies(self, which: str = "rows > 0") -> list[bytes]:
        """The bodies of those requests, in the order of their sending."""
        return list(bodies_sent(self.folder / "home" / "ledger.db", which).values())

    @property
    def sizes(self) -> list[int]:
        """Rows of each request that carried some, in the order of their sending."""
        return [rows for (rows,) in self.ask("SELECT rows FROM requests WHERE rows > 0 ORDER BY request_id")]

    @property
    def rows_of_requests(self) -> list[list[int]]:
        """The row numbers that each request carried, read from its body."""
        visits_of = [[_sent_field(one, VISIT) for one in json.loads(body)] for body in self.bodies()]
        return [[int(name[1:]) + 1 for name in names] for names in visits_of]

    def sent_at(self) -> list[float]:
        """When each request with rows was sent, by `monotonic`."""
        return [at for (at,) in self.ask("SELECT sent_mono FROM requests WHERE rows > 0 ORDER BY request_id")]

    def ended_at(self) -> list[float]:
        return [at for (at,) in self.ask("SELECT ended_mono FROM requests WHERE rows > 0 ORDER BY request_id")]

    @property
    def codes(self) -> Counter[str]:
        """The rows' codes: `read_back`, `id_taken`, …"""
        return Counter(code for (code,) in self.ask("SELECT code FROM rows WHERE code IS NOT NULL"))


def office(
    folder: Path,
    *faults: Fault,
    mapping: str = MAPPING,
    seed: int = 7,
    options: Mapping[str, Any] | None = None,
    **switches: Any,
) -> Office:
    """An office whose LeadSquared has these faults and switches."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = {"latency": Latency(), "switches": Switches(**switches), **(options or {})}
    return Office(folder, World(Simulator(SimulatorOptions(seed=seed, faults=faults, **chosen))), mapping)


def results(summary: InputSummary) -> list[dict[str, str]]:
    assert summary.results is not None
    with summary.results.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def outcomes(summary: InputSummary) -> dict[Outcome, int]:
    """The outcomes that occur."""
    return {outcome: count for outcome, count in summary.equation.outcomes.items() if count}


def once(rows: int) -> dict[str, int]:
    """So many visits, each stored once."""
    return {f"V{number:03}": 1 for number in range(1, rows + 1)}


def _field(activity: Mapping[str, Any], name: str) -> str:
    return next((str(entry["Value"]) for entry in activity["Fields"] if entry["SchemaName"] == name), "")


def _sent_field(element: Mapping[str, Any], name: str) -> str:
    return next(str(entry["Value"]) for entry in element["Fields"] if entry["SchemaName"] == name)
