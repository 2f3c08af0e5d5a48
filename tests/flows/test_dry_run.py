"""`--dry-run` writes what `run` sends: the same bodies, byte for byte."""

from __future__ import annotations

import pytest

from tests.flows.desk import Desk, carried_rows
from tests.flows.sheets import MAPPING, visit, visits, write
from tests.foreign.server import ForeignServer

WITH_ROW_KEYS = MAPPING + "row_key_field: mx_Custom_20\n"


def bodies(server: ForeignServer) -> list[bytes]:
    return sorted(request.body for request in carried_rows(server))


def dry_run(desk: Desk, *files: str, **environ: str) -> list[bytes]:
    """The lines that a dry run writes, each one request."""
    ended = desk.run(*files, "--dry-run", **environ)
    assert ended.code == 0, ended.err
    return sorted(line.encode() for line in ended.out.splitlines())


@pytest.mark.parametrize("mapping", [pytest.param(MAPPING, id="plain"), pytest.param(WITH_ROW_KEYS, id="row keys")])
def test_a_dry_run_writes_byte_for_byte_what_is_sent(desk: Desk, server: ForeignServer, mapping: str) -> None:
    """Before the first run, without any account, and when a part is there already; equal rows included."""
    desk.mapping(mapping)
    first_half = [*visits(40), visit(1), visit(1)]
    write(desk.folder / "visits.csv", first_half)

    nobody = dict.fromkeys((name for name in desk.environ if name.startswith("LSQ_")), "")
    foreseen = dry_run(desk, "visits.csv", **nobody)
    assert server.requests == []
    desk.run("visits.csv")
    assert bodies(server) == foreseen

    write(desk.folder / "visits.csv", [*visits(70), *first_half[40:], visit(1)])
    foreseen_rest = dry_run(desk, "visits.csv")
    desk.run("visits.csv")
    assert bodies(server) == sorted([*foreseen, *foreseen_rest])
    assert len(server.activities) == 73


def test_a_dry_run_of_two_files_knows_what_they_share(desk: Desk, server: ForeignServer) -> None:
    """A row that stands in both files is sent once by a run, so a dry run writes it once."""
    write(desk.folder / "monday.csv", visits(30))
    write(desk.folder / "tuesday.csv", visits(50, first=11))

    foreseen = dry_run(desk, "monday.csv", "tuesday.csv")
    desk.run("monday.csv", "tuesday.csv")

    assert len(server.activities) == 50
    assert bodies(server) == foreseen
