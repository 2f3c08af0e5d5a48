"""One turn of a submission, in this process: what it reads, what it sends, and where its results come to lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fsspec
import pytest

from etl.clock import SystemClock
from etl.errors import UsageError
from etl.events import Event, ignore
from etl.fleet.carrying import Carrier, Held, SoFar
from etl.fleet.ends import Back, Turn, what_next
from etl.fleet.laying_out import kept_input, kept_mapping
from etl.fleet.order import Order
from etl.ledger.store import Ledger
from etl.settings import Settings, load_settings
from etl.stages.prepare import load
from tests.flows.desk import KEYS, QUICK, stored
from tests.flows.sheets import MAPPING, read, visit, write
from tests.foreign.server import ForeignServer

WHO = "memory://lists/people.csv"


@dataclass
class Worker:
    """A carrier, its attendant, and a ledger of this machine that stands for the shared one."""

    home: Path
    server: ForeignServer
    has_settings: bool = True
    attended: list[int] = field(default_factory=list)

    def settings_of(self, account: str) -> Settings:
        if not self.has_settings:
            raise UsageError(f"The keys of {account} are missing.")
        keys = {"LSQ_ACCESS_KEY": KEYS["access_key"], "LSQ_SECRET_KEY": KEYS["secret_key"]}
        environ = keys | QUICK | {"LSQ_HOST": self.server.host, "ETL_LEDGER": f"sqlite:///{self.home / 'ledger.db'}"}
        return load_settings({**environ, "HOME": str(self.home), "XDG_STATE_HOME": str(self.home)}, self.home)

    @contextmanager
    def attending(self, number: int, order: Order) -> Iterator[Callable[[Event], None]]:
        del order
        self.attended.append(number)
        yield ignore

    def ended(self, *_: Any) -> None: ...

    def say(self, text: str) -> None: ...

    def order(self, mapping: str, results: Path | None = None) -> Order:
        """Three visits, as they are submitted."""
        sheet, described = self.home / "north.csv", self.home / "visits.yaml"
        write(sheet, [visit(number, Who="Ravi") for number in range(1, 4)])
        described.write_text(mapping, encoding="utf-8")
        settings = self.settings_of("north")
        with Ledger(settings.ledger_url, settings.ledger_files, SystemClock()) as ledger:
            kept, lookups = kept_mapping(load(described, ledger), ledger)
            content = kept_input(sheet, ledger.copies.keep(sheet, "input"))
        return Order(
            "north", "north.csv", content, kept, "visits", lookups, results=results and str(results), rows_ok=9
        )

    def turn(self, order: Order, before: SoFar | None = None) -> Turn:
        held = Held(17, order, 0.0)
        return Carrier(self, self.home / "worker", SystemClock()).turn(held, before or SoFar())


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    with ForeignServer(org_id="70001", latency_seconds=(0.0, 0.0), **KEYS) as server:
        yield Worker(tmp_path, server)


def noted(turn: Turn) -> SoFar:
    """What the next turn finds of this one."""
    return SoFar(turn.runs, turn.exit_code, turn.said, turn.tries)


def test_results_that_cannot_be_put_away_do_not_decide_how_it_ended(worker: Worker) -> None:
    """All rows are in, and that stays so: only the results are waited for, and written from the ledger then."""
    place = worker.home / "not" / "mounted"
    place.parent.touch()  # a file: nothing can be made below it
    order = worker.order(MAPPING, place)
    first = worker.turn(order)
    asked = len(worker.server.requests)
    again = worker.turn(order, noted(first))
    place.parent.unlink()
    last = worker.turn(order, noted(again))

    assert [(turn.exit_code, turn.is_unpublished) for turn in (first, again, last)] == [
        (0, True),
        (0, True),
        (0, False),
    ]
    assert [isinstance(what_next(one, None, SystemClock().now()), Back) for one in (first, last)] == [True, False]
    assert again.said == first.said
    assert f"Its results could not be put into {place}: " in first.said
    assert first.said.startswith(last.said)
    assert "3 created" in last.said
    assert [row["etl_status"] for row in read(place / "north.results.csv")] == ["created"] * 3
    assert worker.attended == [17]
    assert len(worker.server.requests) == asked
    assert not list(worker.home.rglob("etl-fleet/s*"))


def test_what_is_missing_for_a_moment_ends_nothing_that_was_begun(worker: Worker) -> None:
    """Neither a submission with rows that wait nor one whose results do."""
    order = worker.order(MAPPING, worker.home / "done")
    worker.has_settings = False
    in_the_midst = worker.turn(order, SoFar((3,), 143, "2 of 3 rows"))
    sent = worker.turn(order, SoFar((3,), 0, "3 created."))
    at_once = worker.turn(order)

    assert (in_the_midst.exit_code, in_the_midst.runs) == (2, (3,))
    assert (sent.exit_code, sent.runs, sent.is_unpublished) == (0, (3,), True)
    assert "The keys of north are missing" in sent.said
    ends = [what_next(turn, None, SystemClock().now()) for turn in (in_the_midst, sent, at_once)]
    assert [isinstance(one, Back) for one in ends] == [True, True, False]


def test_files_at_urls_are_those_that_were_submitted(worker: Worker) -> None:
    """What a mapping names by a URL goes along by its content, whatever becomes of it there."""
    store = fsspec.filesystem("memory")
    store.pipe_file("/lists/people.csv", b"Name,Mail\nRavi,ravi@example.com\n")
    named = MAPPING.replace("  Remarks:", f"  Who: {{to: ActivityOwnerEmail, lookup: '{WHO}'}}\n  Remarks:")
    order = worker.order(named)
    store.pipe_file("/lists/people.csv", b"Name,Mail\nRavi,another@example.com\n")
    first = worker.turn(order)
    store.rm_file("/lists/people.csv")
    second = worker.turn(order, SoFar(first.runs, 143))

    assert (first.exit_code, second.exit_code) == (0, 0), (first.said, second.said)
    assert first.runs == second.runs
    assert len(stored(worker.server)) == 3
    assert {one.owner_email for one in worker.server.activities} == {"ravi@example.com"}
    assert [one.url for one in order.lookups] == [WHO]
