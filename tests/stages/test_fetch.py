"""Activities fetched into a file: complete under every switch, continued after any end, and no file half or overwritten."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest

from etl import fetch as fetching
from etl.api import whole_trail
from etl.errors import BusyError, NetworkError, RefusedError, SourceError, UsageError
from etl.events import Event, Fetching, StopSignal
from etl.fetch import Fetched, OfLeads, OfType, Output, asked_in
from etl.ledger.store import Ledger
from etl.reconciler.fetched_work import WorkingFile
from etl.settings import Account, Settings
from etl.simulator import (
    EmptyListKey,
    PageOverCap,
    Read,
    RetrieveOffset,
    RetrieveWithoutPaging,
)
from etl.stages.connect import Connection
from etl.stages.fetch_asked import Asked, Form
from etl.stages.lock_names import lock_name_of_path
from tests.laws.quick import open_ledger, quickly
from tests.stages.office import BY_EVENT, Office, office

RETRIEVE = "asked Retrieve"
NOBODY = "00000000-0000-4000-8000-000000000000"
IST = ZoneInfo("Asia/Kolkata")


@dataclass
class FetchOffice:
    """An office that fetches. asked: how often each lead's activities were asked for."""

    desk: Office
    heard: list[Event] = field(default_factory=list)
    happens: Callable[[Event], None] = lambda _event: None

    def holds(self, leads: int = 12) -> None:
        """LeadSquared holds the more activities of a lead the higher its number: 0, 1, 2 … and another type beside."""
        rows = [
            {
                "SearchByValue": f"lead{lead}@example.com",
                "ActivityEvent": 321 if number == 5 else 320,
                "ActivityNote": f"=note {lead}/{number}",
                "ActivityDateTime": f"2026-02-{1 + number:02} 20:00:00",
                "Fields": [{"SchemaName": "mx_Custom_1", "Value": f"00{lead}-{number}"}],
            }
            for lead in range(1, leads)
            for number in range(lead)
        ]
        self.desk.write_foreign(rows)

    @property
    def stored(self) -> list[dict[str, Any]]:
        return self.desk.simulator.activities()

    @property
    def ids(self) -> set[str]:
        return {one["ProspectActivityId"] for one in self.stored}

    @property
    def leads(self) -> list[str]:
        return list(dict.fromkeys(one["RelatedProspectId"] for one in self.stored))

    @property
    def asked_for(self) -> int:
        return self.desk.asked(RETRIEVE)

    def fetch(
        self, question: OfLeads | OfType, name: str = "out.csv", stop: StopSignal | None = None, **output: Any
    ) -> Fetched:
        home = self.desk.folder / "home"
        settings = Settings(self.desk.account, f"sqlite:///{home / 'ledger.db'}", home / "files")
        with self._virtual(home):
            return fetching.fetch(
                settings,
                question,
                Output(self.desk.folder / name, **output),
                events=self._hear,
                stop=stop,
                clock=self.desk.world.clock,
            )

    def rows(self, name: str = "out.csv") -> list[dict[str, str]]:
        with (self.desk.folder / name).open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.DictReader(stream))

    def files(self) -> set[str]:
        return {path.name for path in self.desk.folder.iterdir() if path.is_file()}

    @contextmanager
    def _virtual(self, home: Path) -> Iterator[None]:
        @contextmanager
        def connecting(known: Account, ledger: Ledger, _clock: object, _stop: object = None) -> Iterator[Connection]:
            yield self.desk.connection(known, ledger)

        with (
            patch("etl.fetch.Ledger", lambda _url, _files, clock: open_ledger(home, clock)),
            patch("etl.fetch.connect", connecting),
            quickly(),
            self.desk.world.life(),
        ):
            yield

    def _hear(self, event: Event) -> None:
        self.heard.append(event)
        self.happens(event)


def fetch_office(folder: Path, leads: int = 12, **switches: Any) -> FetchOffice:
    made = FetchOffice(office(folder, **switches))
    made.holds(leads)
    return made


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of four activities: what a lead with eleven is then, one with thousands is at LeadSquared."""
    monkeypatch.setattr("etl.api.whole_trail.PAGE_SIZES", (4,))
    monkeypatch.setattr("etl.api.fetching.PAGE_SIZES", (4,))


def of(leads: Sequence[str], event: int | None = None) -> OfLeads:
    return OfLeads(tuple(Asked(lead, row) for row, lead in enumerate(leads, start=2)), event)


def since(made: FetchOffice, days: float = 1) -> datetime:
    return made.desk.world.clock.now() - timedelta(days=days)


PAGING = [
    {
        "retrieve_offset": offset,
        "page_over_cap": cap,
        "retrieve_without_paging": unpaged,
        "unstable_ties": ties,
        "subsecond": ties,
    }
    for offset in RetrieveOffset
    for cap, unpaged, ties in [
        (PageOverCap.ERROR, RetrieveWithoutPaging.TWENTY_FIVE, True),
        (PageOverCap.CLAMP, RetrieveWithoutPaging.ALL, False),
    ]
]


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("switches", PAGING, ids=lambda switches: "-".join(str(value) for value in switches.values()))
def test_every_activity_of_every_lead_once(tmp_path: Path, switches: dict[str, Any]) -> None:
    """Whatever the pages are, each activity is one line; leads stand in the order in which they were asked for."""
    made = fetch_office(tmp_path, leads=9, **switches)
    leads = made.leads[::-1]

    ended = made.fetch(of(leads))

    assert (ended.exit_code, ended.activities, ended.leads) == (0, len(made.ids), 8)
    rows = made.rows()
    assert Counter(row["ProspectActivityId"] for row in rows) == Counter(made.ids)
    assert list(dict.fromkeys(row["AskedFor"] for row in rows)) == leads
    assert made.files() == {"out.csv"}


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("empty", EmptyListKey)
@pytest.mark.parametrize("subsecond", [True, False])
def test_every_activity_of_a_type_once(tmp_path: Path, empty: EmptyListKey, subsecond: bool) -> None:
    """By type and time as well, though many were written within one second; another type's stay out."""
    made = fetch_office(tmp_path, leads=6, empty_list_key=empty, subsecond=subsecond)

    ended = made.fetch(OfType(320, since(made, 0.001), made.desk.world.clock.now()))
    nothing = made.fetch(OfType(320, since(made, 9), since(made, 8)), "nothing.csv")

    wanted = {one["ProspectActivityId"] for one in made.stored if one["ActivityEvent"] == 320}
    assert Counter(row["ProspectActivityId"] for row in made.rows()) == Counter(wanted)
    assert (ended.exit_code, ended.activities, nothing.activities, made.rows("nothing.csv")) == (0, len(wanted), 0, [])


def test_the_columns_of_a_line(tmp_path: Path) -> None:
    """Ids and numbers as texts, times in UTC and local, formulas harmless, the fingerprint last."""
    made = fetch_office(tmp_path, leads=2)

    made.fetch(of(["lead1@example.com"]), zone=IST)

    (row,) = made.rows()
    (one,) = made.stored
    written = datetime.fromisoformat(one["ModifiedOn"][:19]).replace(tzinfo=UTC)
    assert list(row)[-1] == "etl_fingerprint"
    expected = {
        "ProspectActivityId": one["ProspectActivityId"],
        "RelatedProspectId": one["RelatedProspectId"],
        "AskedFor": "lead1@example.com",
        "ActivityEvent": "320",
        "ActivityEventName": "Activity 320",
        "ActivityNote": "'=note 1/0",
        "CreatedOn (UTC)": "2026-02-01 20:00:00",
        "CreatedOn (Asia/Kolkata)": "2026-02-02 01:30:00",
        "ModifiedOn (UTC)": f"{written:%Y-%m-%d %H:%M:%S}",
        "ModifiedOn (Asia/Kolkata)": f"{written.astimezone(IST):%Y-%m-%d %H:%M:%S}",
        "Status": "Active",
        "mx_Custom_1": "001-0",
    }
    assert {name: row[name] for name in expected} == expected


def test_only_one_type_of_leads(tmp_path: Path) -> None:
    """With --event beside leads, other types stay out."""
    made = fetch_office(tmp_path)

    made.fetch(of(made.leads, 321))

    assert {row["ActivityEvent"] for row in made.rows()} == {"321"}
    assert len(made.rows()) == sum(one["ActivityEvent"] == 321 for one in made.stored)


def test_each_value_is_answered_for(tmp_path: Path) -> None:
    """Unknown ids, addresses and numbers, and what is none of them, are listed with their rows; the rest is fetched."""
    made = fetch_office(tmp_path, leads=4)
    lead = made.leads[0]
    values = [lead, NOBODY, "nobody@example.com", "lead2@example.com", lead.upper(), "12 o'clock", "lead2@example.com"]

    ended = made.fetch(of(values))

    assert ended.exit_code == 4
    assert {row["AskedFor"] for row in made.rows()} == {lead, "lead2@example.com"}
    assert [(one.asked.row, one.asked.value, one.problem) for one in ended.problems] == [
        (4, "nobody@example.com", "No lead has this e-mail address."),
        (7, "12 o'clock", "This is no lead id, e-mail address or phone number."),
        (3, NOBODY, "No lead has this id."),
    ]
    assert ended.failed is not None
    assert [one.value for one in asked_in(ended.failed, "AskedFor")] == ["nobody@example.com", "12 o'clock", NOBODY]


def test_a_number_of_several_leads_is_not_guessed(tmp_path: Path) -> None:
    """Their ids are listed; a number without its country is asked for with the account's own too."""
    made = fetch_office(tmp_path, leads=3)
    one, other = made.leads
    known = {"98-7650-0001": (one, other), "+919876500002": (other,)}
    with patch("etl.stages.fetch_asked.lead_ids_with_phone", _phones(known)):
        ended = made.fetch(of(["9876500002", "98-7650-0001"]))

    assert [(problem.problem, problem.leads) for problem in ended.problems] == [("2 leads have this.", (one, other))]
    assert {row["AskedFor"] for row in made.rows()} == {"9876500002"}


def _phones(known: dict[str, tuple[str, ...]]) -> Callable[[object, str], tuple[str, ...]]:
    return lambda _read, phone: known.get(phone, ())


def test_a_fetch_that_was_stopped_goes_on(tmp_path: Path) -> None:
    """No file appears before the end, and no lead that was complete is asked for again, torn last line or not."""
    made = fetch_office(tmp_path)
    leads = [f"lead{number}@example.com" for number in range(1, 12)]
    stop = StopSignal()
    made.happens = lambda event: stop.request("enough", 2) if isinstance(event, Fetching) and event.done == 5 else None

    stopped = made.fetch(of(leads), stop=stop)
    files = made.files()
    with (tmp_path / "out.csv.unfinished").open("ab") as stream:
        stream.write(b'{"lead":"torn')
    asked, looked_up = made.asked_for, made.desk.asked("asked Leads.GetByEmailaddress")
    made.happens = lambda _event: None
    ended = made.fetch(of(leads))

    assert (stopped.exit_code, stopped.output, files) == (130, None, {"out.csv.unfinished"})
    assert (ended.exit_code, made.files()) == (0, {"out.csv"})
    assert Counter(row["ProspectActivityId"] for row in made.rows()) == Counter(made.ids)
    assert made.asked_for - asked <= 2 * 6
    assert made.desk.asked("asked Leads.GetByEmailaddress") == looked_up


@pytest.mark.usefixtures("small_pages")
def test_a_type_goes_on_where_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An activity that is changed between the two commands is there once, in its last state."""
    made = fetch_office(tmp_path, leads=9)
    begin, stop = since(made, 0.001), StopSignal()
    made.happens = lambda event: stop.request("enough", 15) if isinstance(event, Fetching) and event.done > 20 else None
    monkeypatch.setattr("etl.stages.fetch.SPARE", timedelta(minutes=1))

    stopped = made.fetch(OfType(320, begin), stop=stop)
    first = made.stored[0]["ProspectActivityId"]
    now = f"{made.desk.world.clock.now():%Y-%m-%d %H:%M:%S}.500"
    made.desk.edit(lambda one: one.activity_id == first, note="changed", modified_on=now)
    asked = made.desk.asked(BY_EVENT)
    made.happens = lambda _event: None
    made.fetch(OfType(320, begin))

    wanted = {one["ProspectActivityId"]: one["ActivityNote"] for one in made.stored if one["ActivityEvent"] == 320}
    assert stopped.exit_code == 143
    assert {row["ProspectActivityId"]: row["ActivityNote"].lstrip("'") for row in made.rows()} == wanted
    assert len(made.rows()) == len(wanted)
    assert made.desk.asked(BY_EVENT) > asked


def test_a_network_that_goes_down_loses_nothing(tmp_path: Path) -> None:
    """The message says where it is kept; the same command asks for the rest."""
    made = fetch_office(tmp_path)
    down = patch("etl.stages.fetch.fetched_of_lead", side_effect=NetworkError("LeadSquared does not answer."))
    made.happens = lambda event: down.start() and None if isinstance(event, Fetching) and event.done == 5 else None

    with pytest.raises(NetworkError, match=r"kept in out\.csv\.unfinished: the same command goes on"):
        made.fetch(of(made.leads))
    down.stop()
    asked = made.asked_for
    made.happens = lambda _event: None
    ended = made.fetch(of(made.leads))

    assert (ended.exit_code, ended.activities, made.files()) == (0, len(made.ids), {"out.csv"})
    assert made.asked_for - asked < 3 * 6 < 2 * len(made.leads)


def test_a_process_that_dies_after_the_end_has_written_one_file(tmp_path: Path) -> None:
    """Killed between putting the file in its place and removing the working file: the next one finds that all is done."""
    made = fetch_office(tmp_path, leads=4)
    with patch.object(WorkingFile, "remove", _dies), pytest.raises(KeyboardInterrupt):
        made.fetch(of(made.leads))
    content = (tmp_path / "out.csv").read_bytes()

    ended = made.fetch(of(made.leads))

    assert (ended.exit_code, ended.output, ended.activities) == (0, tmp_path / "out.csv", 6)
    assert (made.files(), (tmp_path / "out.csv").read_bytes()) == ({"out.csv"}, content)


def _dies(_work: WorkingFile) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
def test_what_a_person_has_corrected_is_not_overwritten(tmp_path: Path, name: str) -> None:
    """A file that nobody touched is replaced by a newer one; one that was corrected stays, and the new one gets a number."""
    made = fetch_office(tmp_path, leads=4)
    made.fetch(of(made.leads), name)
    made.fetch(of(made.leads), name)
    untouched = made.files()
    path = tmp_path / name
    if name.endswith("csv"):
        path.write_bytes(path.read_bytes().replace(b"note 2/1", b"noted 2/1"))
    else:
        _type_over(path)

    again = made.fetch(of(made.leads), name)

    assert untouched == {name}
    assert again.output == path.with_name(name.replace(".", ".2."))


def _type_over(path: Path) -> None:
    import openpyxl  # noqa: PLC0415 — slow, and for this case only

    book = openpyxl.load_workbook(path)
    assert book.active is not None
    book.active["E2"] = "corrected"
    book.save(path)


@pytest.mark.parametrize(
    ("forbidden", "question", "says"),
    [
        pytest.param(Read.BY_LEAD, of([NOBODY]), r"\(Retrieve\).*--event CODE --since", id="by lead"),
        pytest.param(
            Read.BY_EVENT,
            OfType(320, datetime(2026, 1, 1, tzinfo=UTC)),
            "RetrieveByActivityEvent.*--leads",
            id="by type",
        ),
        pytest.param(Read.LEADS, of(["lead1@example.com"]), "Leads.GetByEmailaddress.*by their ids", id="e-mail"),
        pytest.param(Read.LEADS, of(["+919876543210"]), "RetrieveLeadByPhoneNumber.*by their ids", id="phone"),
    ],
)
def test_reads_that_are_not_allowed(tmp_path: Path, forbidden: Read, question: OfLeads | OfType, says: str) -> None:
    """The message names the read and what to do instead; exit code 5."""
    made = fetch_office(tmp_path, leads=3, reads_forbidden=frozenset({forbidden}))

    with pytest.raises(RefusedError, match=says):
        made.fetch(question)


def test_two_questions_do_not_share_a_file(tmp_path: Path) -> None:
    """What an earlier command left for another question is not mixed in; --anew forgets it."""
    made = fetch_office(tmp_path, leads=4)
    stop = StopSignal()
    made.happens = lambda event: stop.request("enough") if isinstance(event, Fetching) else None
    made.fetch(of(made.leads), stop=stop)

    with pytest.raises(UsageError, match=r"another question.*--anew"):
        made.fetch(of(made.leads, 320))
    (tmp_path / "mine.csv.unfinished").write_text("my own notes\n")
    with pytest.raises(UsageError, match="no working file"):
        made.fetch(of(made.leads), "mine.csv")
    ended = made.fetch(of(made.leads, 320), anew=True)

    assert (ended.exit_code, ended.activities) == (0, 6)


def test_two_processes_do_not_fetch_into_one_file(tmp_path: Path) -> None:
    """The second one is told so, exit code 8."""
    made = fetch_office(tmp_path, leads=3)
    made.fetch(of(made.leads), "earlier.csv")
    path, home = tmp_path / "out.csv", tmp_path / "home"

    with (
        closing(open_ledger(home, made.desk.world.clock)) as ledger,
        ledger.lock_input(1, lock_name_of_path(1, "fetch", path)),
        pytest.raises(BusyError, match=r"fetching into out\.csv"),
    ):
        made.fetch(of(made.leads))


def test_a_name_that_is_no_sheet_and_a_column_without_values(tmp_path: Path) -> None:
    """Said before anything is asked."""
    made = fetch_office(tmp_path, leads=2)

    with pytest.raises(UsageError, match=r"can be \.csv or \.xlsx"):
        made.fetch(of(made.leads), "out.txt")
    with pytest.raises(SourceError, match="no value"):
        made.fetch(OfLeads(()))


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("0a1b2c3d-1111-4111-8111-0123456789AB", Form.ID),
        ("asha@example.com", Form.EMAIL),
        ("+91-98765 43210", Form.PHONE),
        ("(022) 1234 567", Form.PHONE),
        ("9876543210", Form.PHONE),
        ("12345", None),
        ("9.8765E+11", None),
        ("Asha Rao", None),
        ("1234567890123456", None),
    ],
)
def test_forms_of_values(value: str, form: Form | None) -> None:
    """Ids, addresses and numbers are told apart by how they look; what is none of them is not asked for."""
    assert Asked(value).form is form


def test_the_sizes_of_pages_are_asked_largest_first() -> None:
    """A thousand rows are known to be accepted; fewer are for accounts that refuse so many."""
    assert whole_trail.PAGE_SIZES == (1000, 100, 25)
