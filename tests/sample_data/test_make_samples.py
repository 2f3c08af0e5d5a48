"""The script that makes the sample sheets, and what each of the smaller ones shows."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from uuid import UUID

import calls
import openpyxl
import payments
import phone_visits
import pytest
import visit_updates
import walk_ins
from field_team import NOWHERE, SheetRow, guid
from make_samples import SEED, SHEETS, make_samples

SAMPLE_DATA = Path(__file__).parents[2] / "sample_data"
ADDRESS = re.compile(r"[a-z]+(\.[a-z]+)?@example\.(com|org|net)")


def cells_of(file: Path) -> list[list[str]]:
    """All cells as texts, the header first."""
    if file.suffix == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.reader(stream))
    sheet = openpyxl.load_workbook(file).worksheets[0]
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


def test_the_script_makes_these_very_files(tmp_path: Path) -> None:
    """The files that are part of the project are what the script writes, cell by cell, and there are no others."""
    made = make_samples(tmp_path)

    assert [file.name for file in made] == list(SHEETS)
    assert {file.name for kind in ("*.csv", "*.xlsx") for file in SAMPLE_DATA.glob(kind)} == SHEETS.keys()
    for file in made:
        assert cells_of(file) == cells_of(SAMPLE_DATA / file.name)


def test_the_script_writes_the_same_bytes_each_time(tmp_path: Path) -> None:
    """A workbook written twice is the same file, so that a change of it is a change of the sample."""
    (tmp_path / "again").mkdir()

    first, second = make_samples(tmp_path), make_samples(tmp_path / "again")

    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]


MODULES = {
    "calls": calls,
    "payments": payments,
    "phone_visits": phone_visits,
    "visit_updates": visit_updates,
    "walk_ins": walk_ins,
}
MADE: dict[str, Callable[[Random], list[SheetRow]]] = {
    "calls": calls.calls,
    "payments": payments.payments,
    "phone_visits": phone_visits.phone_visits,
    "visit_updates": visit_updates.visit_updates,
    "walk_ins": walk_ins.walk_ins,
}


@cache
def rows_of(name: str) -> list[SheetRow]:
    return MADE[name](Random(SEED))


def sound(name: str) -> list[SheetRow]:
    """The rows that are neither a slip nor a copy."""
    aside = MODULES[name].SLIPS.keys() | MODULES[name].REPEATED.keys()
    return [row for number, row in enumerate(rows_of(name)) if number not in aside]


@pytest.mark.parametrize("name", MODULES)
def test_each_sheet_has_a_hundred_rows_and_its_slips(name: str) -> None:
    """At least a hundred rows; each wrong cell stands in its row as typed, and one row is there twice."""
    module, rows = MODULES[name], rows_of(name)

    assert len(rows) == module.ROWS >= 100
    assert all(set(row) == set(module.FORM.columns) for row in rows)
    assert {number: {header: rows[number][header] for header in slip} for number, slip in module.SLIPS.items()} == (
        module.SLIPS
    )
    assert [rows[number] for number in module.REPEATED] == [rows[of] for of in module.REPEATED.values()]


@pytest.mark.parametrize(
    ("name", "header"), [("calls", "Lead Id"), ("payments", "Opportunity Id"), ("visit_updates", "Activity Id")]
)
def test_ids_are_made_and_not_taken_from_anywhere(name: str, header: str) -> None:
    """Every id of a sound row is a GUID made from a name (version 5), so that none is any account's."""
    ids = {UUID(str(row[header])) for row in sound(name)}

    assert {one.version for one in ids} == {5}
    assert UUID(NOWHERE) not in ids
    assert guid("lead", "a") == guid("lead", "a") != guid("opportunity", "a")


@pytest.mark.parametrize(
    ("name", "headers"),
    [("calls", ["Agent"]), ("payments", ["Owner"]), ("phone_visits", ["Executive"]), ("walk_ins", ["Email"])],
    ids=str,
)
def test_addresses_are_at_domains_for_examples(name: str, headers: list[str]) -> None:
    """Every e-mail address of a sound row is at a domain reserved for examples."""
    assert all(ADDRESS.fullmatch(str(row[header])) for row in sound(name) for header in headers)


def test_payments_of_many_opportunities_are_mixed() -> None:
    """Rows of one opportunity lie apart, so that rows which travel together have to be gathered."""
    ids = [row["Opportunity Id"] for row in rows_of("payments")]
    apart = sum(one != following for one, following in itertools.pairwise(ids))

    assert len(set(ids)) > 30
    assert apart > 90


def test_some_activities_are_changed_more_than_once() -> None:
    """Three rows are about one activity and two about another, with other values each time."""
    rows = rows_of("visit_updates")
    again = [*visit_updates.AGAIN.items()]

    assert [rows[later]["Activity Id"] for later, _ in again] == [rows[first]["Activity Id"] for _, first in again]
    assert all(rows[later] != rows[first] for later, first in again)


def test_some_walk_ins_come_again() -> None:
    """The e-mail address of a few leads stands in two rows, of which the second must wait for the first."""
    emails = [row["Email"] for row in sound("walk_ins")]

    assert len(emails) - len(set(emails)) > 10


def test_customers_are_known_by_phone_by_address_or_by_both() -> None:
    """Rows come in three kinds; many a customer is named by the number in one row and by the address alone in another."""
    rows = sound("phone_visits")
    kinds = Counter((bool(row["Mobile"]), bool(row["Email"])) for row in rows)
    alone = [{row["Customer"] for row in rows if bool(row["Mobile"]) is by_phone} for by_phone in (True, False)]

    assert min(kinds[True, True], kinds[True, False], kinds[False, True]) > 10
    assert len(kinds) == 3
    assert len(alone[0] & alone[1]) > 5
