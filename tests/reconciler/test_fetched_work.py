"""The working file of a fetch: what was whole is there again, whatever the end of the process before."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from etl.errors import UsageError
from etl.reconciler.fetched_work import WorkingFile

NOW = datetime(2026, 6, 3, tzinfo=UTC)
QUESTION: dict[str, object] = {"of": "leads", "event": None}


def opened(folder: Path) -> WorkingFile:
    return WorkingFile(folder / "out.csv", QUESTION, NOW)


def note(work: WorkingFile, *leads: str) -> None:
    for lead in leads:
        work.note_lead(lead, [{"ProspectActivityId": f"of {lead}", "mx_Custom_1": "दौरा"}], 0)


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_line_that_was_cut_off_is_dropped_for_good(tmp_path: Path, cut: int) -> None:
    """Two deaths later every whole line is there still: nothing was written behind half a line."""
    with opened(tmp_path) as work:
        note(work, "A", "b")
    path = tmp_path / "out.csv.unfinished"
    path.write_bytes(path.read_bytes()[:-cut])

    with opened(tmp_path) as work:
        assert set(work.leads) == {"a"}
        note(work, "c")
    with opened(tmp_path) as work:
        assert set(work.leads) == {"a", "c"}
        assert [work.lines_of_lead(lead)[0]["ProspectActivityId"] for lead in ("a", "C")] == ["of A", "of c"]
        assert (work.activities, work.columns) == (2, {"ProspectActivityId", "mx_Custom_1"})


def test_half_a_first_line_is_no_file_at_all(tmp_path: Path) -> None:
    """A process that died while it began leaves nothing that stands in the way."""
    (tmp_path / "out.csv.unfinished").write_bytes(b'{"etl_fetch":1,"beg')

    with opened(tmp_path) as work:
        note(work, "a")
    with opened(tmp_path) as work:
        assert work.is_resumed


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    """The message names the file and what to do."""
    with pytest.raises(UsageError, match=r"out\.csv\.unfinished cannot be written .*name another place with -o"):
        opened(tmp_path / "not there")
