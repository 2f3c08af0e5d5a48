"""Several inputs of one command at once: in threads, on one ledger, into one account or several."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from etl import pipeline
from etl.clock import SystemClock
from etl.delivery.outcomes import RowEnd
from etl.errors import LedgerError, UsageError
from etl.events import (
    Event,
    InputFinished,
    InputSummary,
    Note,
    PilotOver,
    Planned,
    RequestSent,
    RunOptions,
    StopSignal,
    Summary,
)
from etl.ledger.requests import RequestEnd, Requests
from etl.ledger.store import Ledger
from etl.records import Limit
from etl.settings import Account, Secret, Settings
from etl.stages.destinations import Destination
from etl.stages.lock_names import lock_name_of_path
from etl.stages.rooms import Room
from tests.foreign.server import ForeignServer

MAPPING = """\
version: 1
name: {name}
operation: add-by-lead-field
search_by: EmailAddress
activity: {{event: 320}}
columns:
  Email: SearchByValue
  Visit: mx_Custom_1
  Remarks: {{to: ActivityNote, when_empty: error}}
unique_by: [Visit]
"""
UPDATE = """\
version: 1
name: remarks
operation: update
activity: {event: 320}
columns: {Id: ProspectActivityId, Remarks: ActivityNote}
"""
QUICK = Limit(25, 1.0)


@dataclass
class Branches:
    """A folder with sheets of several branches, and the accounts that they may go into."""

    folder: Path
    start: Callable[..., ForeignServer]
    told: list[Event] = field(default_factory=list)
    happens: Callable[[Event], None] = lambda _event: None
    stop: StopSignal = field(default_factory=StopSignal)
    accounts: dict[str, Account] = field(default_factory=dict)

    def account(self, name: str, server: ForeignServer, secret_key: str = "foreign-secret-key") -> None:
        keys = (Secret("foreign-access-key"), Secret(secret_key))
        waits = {"visibility_wait_seconds": 1.0, "late_wait_seconds": 1.0}
        self.accounts[name] = Account(name, server.host, *keys, bulk_limit=QUICK, limit=QUICK, **waits)

    def sheet(self, name: str, *visits: int | str, remarks: str = "met") -> Path:
        path = self.folder / f"{name}.csv"
        lines = [f"lead{number}@example.com,V{number},{remarks}" for number in visits]
        path.write_text("\n".join(["Email,Visit,Remarks", *lines]) + "\n", encoding="utf-8")
        return path

    def mapping(self, name: str = "visits", account: str | None = None) -> Path:
        path = self.folder / f"{name}.yaml"
        path.write_text(MAPPING.format(name=name) + (f"account: {account}\n" if account else ""), encoding="utf-8")
        return path

    def run(self, files: list[Path], mapping: Path | list[Path], jobs: int = 4, **options: Any) -> Summary:
        lock = threading.Lock()

        def hear(event: Event) -> None:
            with lock:
                self.told.append(event)
                self.happens(event)

        default = next(iter(self.accounts.values()), None) if len(self.accounts) == 1 else None
        ledger = (f"sqlite:///{self.folder / 'ledger.db'}", self.folder / "ledger_files")
        settings = Settings(default, *ledger, accounts=self.accounts)
        chosen = RunOptions(preflight=False, jobs=jobs, **options)
        return pipeline.run(settings, files, mapping, options=chosen, events=hear, stop=self.stop)

    def order(self, kind: type[Event]) -> list[str]:
        """The inputs that events of a kind were told of, in their order."""
        return [
            event.result.input if isinstance(event, InputFinished) else event.input
            for event in self.told
            if isinstance(event, kind)
        ]  # type: ignore[union-attr]


@pytest.fixture
def branches(tmp_path: Path) -> Iterator[Branches]:
    """An empty folder; servers that tests start end with it."""
    with ExitStack() as stack:

        def start(**behaviour: Any) -> ForeignServer:
            chosen = {"limit": (25, 1.0), "latency_seconds": (0.0, 0.01)} | behaviour
            return stack.enter_context(ForeignServer(**chosen))

        yield Branches(tmp_path, start)


def stored(server: ForeignServer) -> Counter[str]:
    return Counter(activity.fields["mx_Custom_1"] for activity in server.activities)


def once(*numbers: int) -> dict[str, int]:
    return {f"V{number}": 1 for number in numbers}


def outcomes(summary: InputSummary) -> dict[str, int]:
    return {outcome.value: count for outcome, count in summary.equation.outcomes.items() if count}


def test_inputs_are_sent_side_by_side(branches: Branches) -> None:
    """Requests of several sheets are on their way together, each row arrives once, and the summaries keep the order."""
    server = branches.start(latency_seconds=(0.3, 0.3))
    branches.account("prod", server)
    sheets = [branches.sheet(f"b{place}", *range(place * 100, place * 100 + 30)) for place in range(5)]

    summary = branches.run(sheets, branches.mapping(), jobs=3)

    first_end = next(place for place, event in enumerate(branches.told) if isinstance(event, InputFinished))
    begun = {event.input for event in branches.told[:first_end] if isinstance(event, Planned)}
    assert [one.input for one in summary.inputs] == [sheet.name for sheet in sheets]
    assert [outcomes(one) for one in summary.inputs] == [{"created": 30}] * 5
    assert summary.exit_code == 0
    assert stored(server) == once(*(place * 100 + row for place in range(5) for row in range(30)))
    assert 2 <= len(begun) <= 3
    assert server.refused_for_rate == 0
    assert {one.run for one in summary.inputs} == {1, 2, 3, 4, 5}
    assert all((branches.folder / f"b{place}.results.csv").exists() for place in range(5))


def test_rows_in_common_wait_for_each_other(branches: Branches) -> None:
    """A sheet that shares rows with another one, or its bytes, ends as it would have ended behind it."""
    server = branches.start(latency_seconds=(0.02, 0.05))
    branches.account("prod", server)
    june, july = branches.sheet("june", *range(60)), branches.sheet("july", *range(100, 160))
    corrected = branches.sheet("june2", *range(30, 90), remarks="met again")
    copy = branches.sheet("copy", *range(60))

    summary = branches.run([june, july, corrected, copy], branches.mapping())

    assert [outcomes(one) for one in summary.inputs[:3]] == [
        {"created": 60},
        {"created": 60},
        {"created": 30, "changed": 30},
    ]
    assert stored(server) == once(*range(90), *range(100, 160))
    assert (summary.exit_code, summary.inputs[3].exit_code, summary.inputs[3].run) == (4, 0, summary.inputs[0].run)
    assert branches.order(Planned).index("june2.csv") > branches.order(Planned).index("june.csv")
    known = f"copy.csv: This input was imported before, by run {summary.inputs[0].run}; nothing is left to send."
    assert Note(known) in branches.told


def test_two_updates_of_one_activity_keep_their_order(branches: Branches) -> None:
    """The later sheet's value counts in the end, also where only one of their mappings names the account."""
    server = branches.start()
    branches.account("prod", server)
    branches.run([branches.sheet("visits", *range(100))], branches.mapping())
    ids = [one.activity_id for one in server.activities]
    files, mappings = [], []
    for name, changed, account in (("first", ids, ""), ("second", ids[-1:], "account: prod\n")):
        files.append(branches.folder / f"{name}.csv")
        files[-1].write_text("\n".join(["Id,Remarks", *(f"{one},{name}" for one in changed)]) + "\n", encoding="utf-8")
        mappings.append(branches.folder / f"{name}.yaml")
        mappings[-1].write_text(UPDATE + account, encoding="utf-8")

    summary = branches.run(files, mappings)

    assert [outcomes(one) for one in summary.inputs] == [{"updated": 100}, {"updated": 1}]
    assert Counter(one.note for one in server.activities) == {"first": 99, "second": 1}


def test_accounts_are_chosen_by_mappings(branches: Branches) -> None:
    """Rows go into the account that their mapping names, in one command, each account with its own limit."""
    north, south = branches.start(), branches.start()
    branches.account("north", north)
    branches.account("south", south)
    sheets = [branches.sheet("n", 1, 2), branches.sheet("s", 3, 4), branches.sheet("n2", 5)]
    mappings = [branches.mapping("north", "north"), branches.mapping("south", "south")]

    summary = branches.run(sheets, [*mappings, mappings[0]])

    assert (summary.exit_code, len(summary.inputs)) == (0, 3)
    assert (stored(north), stored(south)) == (once(1, 2, 5), once(3, 4))


def test_a_refused_account_does_not_hinder_the_other(branches: Branches) -> None:
    """What goes into an account whose keys are refused is told of with exit code 5; the rest arrives."""
    north, south = branches.start(), branches.start()
    branches.account("north", north, secret_key="another-secret-key")
    branches.account("south", south)
    sheets = [branches.sheet("n", 1, 2), branches.sheet("s", 3, 4)]

    summary = branches.run(sheets, [branches.mapping("north", "north"), branches.mapping("south", "south")])

    refused, sent = summary.inputs
    assert (summary.exit_code, refused.exit_code, sent.exit_code) == (5, 5, 0)
    assert (outcomes(refused), outcomes(sent)) == ({"waiting": 2}, {"created": 2})
    assert "refus" in str(refused.stop_reason)
    assert (stored(north), stored(south)) == (Counter(), once(3, 4))


def test_a_defect_while_an_account_is_opened_is_told_as_it_is(
    branches: Branches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ends the command is the defect itself, not that its inputs found no account; the other account's have arrived."""
    north, south = branches.start(), branches.start()
    branches.account("north", north)
    branches.account("south", south)
    opening = Destination.open_in

    def open_or_fail(self: Destination, room: Room) -> None:
        if self.account is branches.accounts["north"]:
            raise ZeroDivisionError("a defect")
        opening(self, room)

    monkeypatch.setattr(Destination, "open_in", open_or_fail)
    sheets = [branches.sheet("n", 1, 2), branches.sheet("s", 3, 4)]
    with pytest.raises(ZeroDivisionError, match="a defect"):
        branches.run(sheets, [branches.mapping("north", "north"), branches.mapping("south", "south")])

    assert (stored(north), stored(south)) == (Counter(), once(3, 4))


def test_one_inputs_fault_is_its_own(branches: Branches) -> None:
    """A sheet that another process has under its hands, and one with faulty rows, do not keep the others from arriving."""
    server = branches.start()
    branches.account("prod", server)
    taken, faulty = branches.sheet("taken", *range(10)), branches.sheet("faulty", 20, remarks="")
    sheets = [taken, faulty, branches.sheet("good", *range(30, 90))]
    branches.run([branches.sheet("first", 99)], branches.mapping())  # so that account and scope are known
    with _held(branches, taken):
        summary = branches.run(sheets, branches.mapping())

    assert [one.exit_code for one in summary.inputs] == [8, 4, 0]
    assert summary.exit_code == 8
    assert stored(server) == once(*range(30, 90), 99)


@pytest.mark.parametrize("jobs", [1, 4])
def test_an_input_that_breaks_off_is_told_as_the_ledger_has_it(
    branches: Branches, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    """A full disk in the midst of one of several sheets: what was sent of it is neither called waiting nor left uncounted."""
    server = branches.start()
    branches.account("prod", server)
    settle, answers = Requests.settle_all, itertools.count(1)

    def settle_until_the_disk_is_full(self: Requests, ends: list[RequestEnd]) -> list[tuple[RowEnd, ...]]:
        if any(len(end.rows) == 25 and next(answers) == 5 for end in ends):
            raise LedgerError("The ledger cannot be used: database or disk is full.")
        return settle(self, ends)

    monkeypatch.setattr(Requests, "settle_all", settle_until_the_disk_is_full)
    sheets = [branches.sheet("a", *range(150)), branches.sheet("b", *range(1000, 1002))]
    broken, whole = branches.run(sheets, branches.mapping(), jobs=jobs).inputs

    counted = outcomes(broken)
    assert (broken.exit_code, whole.exit_code, outcomes(whole)) == (6, 0, {"created": 2})
    assert broken.run is not None and broken.equation.holds and sum(counted.values()) == 150
    assert counted.get("created", 0) + counted.get("unconfirmed", 0) >= len(server.activities) - 2
    assert "disk is full" in str(broken.stop_reason)


def _held(branches: Branches, sheet: Path) -> Any:
    """The lock that another process holds which imports a sheet."""
    ledger = Ledger(f"sqlite:///{branches.folder / 'ledger.db'}", branches.folder / "ledger_files", SystemClock())
    try:
        return ledger.lock_input(1, lock_name_of_path(1, None, sheet))
    finally:
        ledger.close()


def test_a_stop_ends_all(branches: Branches) -> None:
    """After a wish to stop no input sends any more, those not begun say why, and the same command sends the rest, once."""
    server = branches.start(latency_seconds=(0.05, 0.05))
    branches.account("prod", server)
    sheets = [branches.sheet(f"b{place}", *range(place * 1000, place * 1000 + 150)) for place in range(3)]
    mapping = branches.mapping()

    def stop_after_three(event: Event) -> None:
        if isinstance(event, RequestSent) and len(branches.order(RequestSent)) == 3:
            branches.stop.request("interrupted by Ctrl-C", 2)

    branches.happens = stop_after_three
    stopped = branches.run(sheets, mapping, jobs=2)
    arrived = len(server.activities)
    branches.stop, branches.happens = StopSignal(), lambda _event: None
    done = branches.run(sheets, mapping, jobs=2)

    assert [one.exit_code for one in stopped.inputs] == [130, 130, 130]
    assert stopped.inputs[2].run is None and outcomes(stopped.inputs[2]) == {"waiting": 150}
    assert arrived <= 6 * 25
    assert sum(outcomes(one).get("created", 0) for one in stopped.inputs) == arrived
    assert done.exit_code == 0
    assert set(stored(server).values()) == {1} and len(server.activities) == 450


def test_a_pilot_goes_first_and_alone(branches: Branches) -> None:
    """The first rows go out one sheet after another; when the person agrees, all others go side by side."""
    server = branches.start(latency_seconds=(0.03, 0.03))
    branches.account("prod", server)
    sheets = [
        branches.sheet("a", 1, 2),
        *(branches.sheet(f"b{place}", *range(place * 100, place * 100 + 60)) for place in (1, 2, 3)),
    ]
    in_flight: list[list[str]] = []

    def agree(over: PilotOver) -> bool:
        in_flight.append(sorted(set(branches.order(RequestSent))))
        assert threading.current_thread() is threading.main_thread()  # who asks may need the signals
        return True

    summary = branches.run(sheets, branches.mapping(), pilot=3, go_on=agree)

    assert summary.exit_code == 0
    assert in_flight == [["a.csv", "b1.csv"]]
    assert len(server.activities) == 182 and set(stored(server).values()) == {1}
    assert server.refused_for_rate == 0


def test_a_pilot_that_is_over_leaves_all_others(branches: Branches) -> None:
    """Where nobody is there to agree, the rows behind the pilot wait, those of other accounts too."""
    north, south = branches.start(), branches.start()
    branches.account("north", north)
    branches.account("south", south)
    sheets = [branches.sheet("n", *range(10)), branches.sheet("s", 20, 21)]

    summary = branches.run(sheets, [branches.mapping("north", "north"), branches.mapping("south", "south")], pilot=3)

    assert [one.exit_code for one in summary.inputs] == [6, 6]
    assert (len(north.activities), len(south.activities)) == (3, 0)


def test_unknown_type_of_one_mapping_is_no_fault_of_another(branches: Branches) -> None:
    """LeadSquared refuses an activity type: the sheets of that mapping stop, those of another one go on."""
    server = branches.start(activity_types={320: "Visit"})
    branches.account("prod", server)
    wrong = branches.mapping("wrong")
    wrong.write_text(wrong.read_text("utf-8").replace("320", "999"), encoding="utf-8")
    sheets = [branches.sheet("w1", 1), branches.sheet("good", 2), branches.sheet("w2", 3)]

    summary = branches.run(sheets, [wrong, branches.mapping(), wrong], jobs=1)

    assert [one.exit_code for one in summary.inputs] == [5, 0, 5]
    assert stored(server) == once(2)


def test_what_the_python_caller_chose_is_kept_to(branches: Branches) -> None:
    """A mapping for another account than the one that is handed over stops everything before it is read."""
    server = branches.start()
    branches.account("prod", server)
    default = branches.accounts.pop("prod")
    ledger = (f"sqlite:///{branches.folder / 'ledger.db'}", branches.folder / "ledger_files")

    with pytest.raises(UsageError, match="for the account test, and this command goes to prod"):
        pipeline.run(Settings(default, *ledger), [branches.sheet("a", 1)], branches.mapping("m", "test"))

    assert server.requests == []
