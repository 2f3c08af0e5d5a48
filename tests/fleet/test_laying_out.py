"""From files to kept copies and back: the same places to each other, and none outside of the worker's folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from etl.clock import SystemClock
from etl.errors import SourceError, UsageError
from etl.fleet.laying_out import clear_away, kept_input, kept_mapping, lay_out, results_of
from etl.fleet.order import KeptFile, Order
from etl.ledger.store import Ledger
from etl.stages.prepare import LoadedMapping, load
from tests.flows.sheets import MAPPING

WITH_LOOKUP = MAPPING.replace("  Remarks:", "  Who: {to: ActivityOwnerEmail, lookup: LOOKUP}\n  Remarks:")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "files", SystemClock())


def loaded(folder: Path, lookup: str, ledger: Ledger) -> LoadedMapping:
    """A mapping in `folder/mappings` that names a lookup file, which is there."""
    place = folder / "mappings" / "visits.yaml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(WITH_LOOKUP.replace("LOOKUP", lookup), encoding="utf-8")
    people = place.parent / lookup
    people.parent.mkdir(parents=True, exist_ok=True)
    people.write_text("Name,Mail\nRavi,ravi@example.com\n", encoding="utf-8")
    return load(place, ledger)


@pytest.mark.parametrize("lookup", ["people.csv", "lists/people.csv", "../people.csv", "../lists/of/people.csv"])
def test_a_mapping_finds_its_lookup_files_where_a_worker_lays_them(tmp_path: Path, ledger: Ledger, lookup: str) -> None:
    """And has the same identity there, so that runs of here and there are the same."""
    mapping = loaded(tmp_path / "desk", lookup, ledger)
    sheet = tmp_path / "desk" / "north.csv"
    sheet.write_text("Email\n", encoding="utf-8")
    kept, lookups = kept_mapping(mapping, ledger)
    order = Order("prod", str(sheet), kept_input(sheet, ledger.copies.keep(sheet, "input")), kept, "visits", lookups)

    laid_out = lay_out(order, 17, tmp_path / "worker", ledger)
    there = laid_out.sheet
    (there.parent / "north.results.csv").touch()

    assert load(laid_out.mapping, ledger).hash == mapping.hash
    assert (there.name, there.read_text("utf-8")) == ("north.csv", "Email\n")
    assert [one.name for one in results_of(there)] == ["north.results.csv"]
    clear_away(17, tmp_path / "worker")
    assert not there.parent.exists()


def test_a_lookup_file_by_its_whole_path_is_refused(tmp_path: Path, ledger: Ledger) -> None:
    """It is good on one machine alone."""
    mapping = loaded(tmp_path, str(tmp_path / "people.csv"), ledger)

    with pytest.raises(UsageError, match="a worker on another machine has no such file"):
        kept_mapping(mapping, ledger)


@pytest.mark.parametrize("place", ["../../out.csv", "/etc/out.csv", "a/../../../out.csv", "."])
def test_nobody_writes_outside_of_the_folder(tmp_path: Path, ledger: Ledger, place: str) -> None:
    """Who can write into the queue must not be able to write over files of a worker."""
    mapping = loaded(tmp_path / "desk", "people.csv", ledger)
    kept, lookups = kept_mapping(mapping, ledger)
    sheet = KeptFile("north.csv", ledger.copies.keep(mapping.path, "input"))
    order = Order("prod", "north.csv", sheet, kept, "visits", lookups)

    for bad in (
        replace(order, lookups=(KeptFile(place, lookups[0].hash),)),
        replace(order, input=replace(sheet, place=place)),
    ):
        with pytest.raises(SourceError, match="not below its folder"):
            lay_out(bad, 1, tmp_path / "worker", ledger)


def test_a_copy_that_was_pruned_is_said_to_be_gone(tmp_path: Path, ledger: Ledger) -> None:
    """Trying again would not bring it back."""
    order = Order("prod", "north.csv", KeptFile("north.csv", "ab" * 32), KeptFile("m.yaml", "cd" * 32), "visits")

    with pytest.raises(SourceError, match=r"The kept copy of north\.csv is gone"):
        lay_out(order, 1, tmp_path / "worker", ledger)


@pytest.mark.parametrize(
    ("name", "goes_by"),
    [("v.csv", "v.csv"), ("v.csv.gz", "v.csv"), ("v.xlsx", "v.xlsx"), ("v.zip", "v.zip"), ("stdin", "stdin")],
)
def test_what_was_packed_goes_by_the_name_of_what_was_in_it(name: str, goes_by: str) -> None:
    """That is what was kept."""
    assert kept_input(Path(name), "").place == goes_by
