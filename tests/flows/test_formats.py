"""Inputs in other formats through the real command: packed, from standard input, by pattern, under another's name."""

from __future__ import annotations

import gzip
import subprocess

import pytest
from openpyxl import load_workbook

from tests.flows.desk import ETL, Desk, stored
from tests.flows.sheets import read, visit, visits, write
from tests.foreign.server import ForeignServer


def test_a_packed_file_is_the_same_input_unpacked(desk: Desk, server: ForeignServer) -> None:
    """visits.csv.gz is imported, its results are visits.results.csv, and the same rows unpacked send nothing."""
    plain = write(desk.folder / "visits.csv", visits(3))
    (desk.folder / "packed.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))

    packed = desk.run("packed.csv.gz")
    again = desk.run("visits.csv")

    assert (packed.code, again.code) == (0, 0), packed.said + again.said
    assert len(read(desk.folder / "packed.results.csv")) == 3
    assert len(server.activities) == 3
    assert "nothing is left to send" in again.said


def test_standard_input_is_an_input(desk: Desk, server: ForeignServer) -> None:
    """`command | etl run -` sends the rows, says what they are called, and writes the results into this folder."""
    content = write(desk.home / "visits.csv", [visit(1), visit(2, Remarks="")]).read_bytes()

    ended = subprocess.run(
        [str(ETL), "run", "-", "-m", "visits.yaml"],
        input=content,
        check=False,
        cwd=desk.folder,
        env=desk.environ,
        capture_output=True,
    )

    said = ended.stdout.decode() + ended.stderr.decode()
    assert ended.returncode == 4, said
    assert "Standard input is called stdin" in said
    assert [row["etl_status"] for row in read(desk.folder / "stdin.results.csv")] == ["created", "invalid"]
    assert [row["etl_status"] for row in read(desk.folder / "stdin.failed.csv")] == ["invalid"]


def test_a_pattern_that_the_shell_left_alone_is_followed(desk: Desk, server: ForeignServer) -> None:
    """`'june/*.csv'` in quotes is all its files, without lock files; results of the first time are left out."""
    (desk.folder / "june").mkdir()
    write(desk.folder / "june" / "north.csv", visits(2))
    write(desk.folder / "june" / "south.csv", visits(12, first=11))
    (desk.folder / "june" / "~$north.csv").write_bytes(b"\x00")

    first = desk.run("june/*.csv")
    again = desk.run("june/*.csv")

    assert (first.code, again.code) == (0, 0), first.said + again.said
    assert len(stored(server)) == len(server.activities) == 4
    assert "north.results.csv is a results file as etl wrote it: left out" in again.err


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("july/*.csv", "july/*.csv: no file matches this pattern"),
        (".", "this is a folder. Name the input file in it, or"),
    ],
    ids=["pattern", "folder"],
)
def test_what_matches_nothing_is_said(desk: Desk, server: ForeignServer, given: str, words: str) -> None:
    """A pattern without a file, and a folder, are usage errors that name them."""
    ended = desk.run(given)

    assert ended.code == 2
    assert words in ended.err


def test_content_decides_what_the_results_are(desk: Desk, server: ForeignServer) -> None:
    """Text that is called .xls is read as text, which is said, and its results are text."""
    write(desk.folder / "visits.csv", visits(2)).rename(desk.folder / "visits.xls")

    ended = desk.run("visits.xls")

    assert ended.code == 0, ended.said
    assert "its name ends in .xls, but its content is a delimited text file" in ended.err
    assert len(read(desk.folder / "visits.results.csv")) == 2


def test_merged_cells_beside_the_mapped_columns_hinder_nothing(desk: Desk, server: ForeignServer) -> None:
    """A workbook with cells merged where the mapping does not look is imported whole, and once."""
    path = write(desk.folder / "visits.xlsx", [visit(number, Region="North") for number in range(1, 6)])
    book = load_workbook(path)
    book.worksheets[0].merge_cells("E2:E4")
    book.save(path)

    ended = desk.run("visits.xlsx")
    again = desk.run("visits.xlsx", "--dry-run")

    assert (ended.code, ended.counts()) == (0, {"created": 5})
    assert (again.code, len(server.activities)) == (0, 5)
