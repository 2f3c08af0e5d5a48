"""A ledger on a full disk, locked by a backup, cut short, gone, or no ledger at all: one clear sentence, nothing worse."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from etl.errors import LedgerError
from etl.exits import ExitCode, code_of_error
from etl.ledger.requests import Intent
from etl.ledger.store import Ledger
from etl.records import Outcome, Window
from tests.clocks import ManualClock
from tests.ledger.books import GENEROUS
from tests.past import Past, open_past

CREATED, WAITING = Outcome.CREATED, Outcome.WAITING
PAGE = 4096


def open_at(path: Path) -> Ledger:
    return Ledger(f"sqlite:///{path}", path.parent / "ledger_files", ManualClock())


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    with open_past(tmp_path) as opened:
        yield opened


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """The file of a ledger that holds a run and is open nowhere."""
    with open_past(tmp_path) as past:
        past.run(*[CREATED] * 400)
        past.book.do("PRAGMA wal_checkpoint(TRUNCATE)")
    return tmp_path / "ledger.db"


def test_the_ledger_of_these_tests_is_a_good_one(ledger: Path) -> None:
    """Before anything is done to it, it opens and holds its rows."""
    with open_at(ledger) as opened:
        assert opened.runs.counts(1) == {CREATED: 400}
    assert ledger.stat().st_size > 30 * PAGE


CUTS = [0, 1, 50, 100, 512, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 10 * PAGE, 10 * PAGE + 7, -1, -PAGE, -PAGE - 1]


@pytest.mark.parametrize("cut", CUTS)
def test_a_ledger_cut_short_is_refused_and_left_as_it_is(ledger: Path, cut: int) -> None:
    """Wherever it was cut, at a page or within one, it is not used, is not taken for a new one, and keeps its bytes."""
    whole = ledger.read_bytes()
    ledger.write_bytes(whole[:cut])

    with pytest.raises(LedgerError) as told:
        open_at(ledger)

    assert "ledger.db" in told.value.message
    assert "backup" in told.value.message
    assert code_of_error(told.value) is ExitCode.USAGE
    assert ledger.read_bytes() == whole[:cut]


def killed(past: Past, to: Path) -> Path:
    """The ledger as a killed process leaves it: part of it in the write-ahead log."""
    to.mkdir()
    for name in ("ledger.db", "ledger.db-wal"):
        shutil.copy(past.home / name, to / name)
    shutil.copytree(past.home / "ledger_files", to / "ledger_files")
    return to / "ledger.db"


@pytest.mark.parametrize("cut", CUTS)
def test_cut_short_beside_its_log_it_never_tells_less(past: Past, tmp_path: Path, cut: int) -> None:
    """With the log still there, a ledger whose file was cut is whole or refused; no row is missing in silence."""
    past.run(*[CREATED] * 200)
    past.book.do("PRAGMA wal_checkpoint(TRUNCATE)")
    past.run(*[CREATED] * 20, name="later.csv")
    ledger = killed(past, tmp_path / "killed")
    ledger.write_bytes(ledger.read_bytes()[:cut])
    log = ledger.with_name("ledger.db-wal").read_bytes()

    try:
        with open_at(ledger) as opened:
            counts = [opened.runs.counts(run) for run in (1, 2)]
    except LedgerError:
        assert cut != 0 or ledger.with_name("ledger.db-wal").read_bytes() == log
        return

    assert counts == [{CREATED: 200}, {CREATED: 20}]


def test_a_power_cut_while_the_file_grew_is_mended_from_the_log(past: Past, tmp_path: Path) -> None:
    """Half a page behind the last whole one is no damage while the log holds that page."""
    past.run(*[CREATED] * 20)
    ledger = killed(past, tmp_path / "killed")
    ledger.write_bytes(ledger.read_bytes() + b"\xff" * 1000)

    with open_at(ledger) as opened:
        assert opened.runs.counts(1) == {CREATED: 20}


def test_a_ledger_whose_log_was_left_behind_is_not_a_new_one(tmp_path: Path) -> None:
    """All of a young ledger may stand in its log: copied without it the file is empty of tables, and is refused."""
    with open_at(tmp_path / "ledger.db") as opened:
        opened.accounts.meet("https://api.example.com", "prod", "77")
        (tmp_path / "copy").mkdir()
        shutil.copy(tmp_path / "ledger.db", tmp_path / "copy" / "ledger.db")
    shutil.copytree(tmp_path / "ledger_files", tmp_path / "copy" / "ledger_files")

    with pytest.raises(LedgerError, match=r"There was a ledger .*copy/ledger\.db since .*gone or empty.*-wal"):
        open_at(tmp_path / "copy" / "ledger.db")


def test_a_ledger_that_is_gone_is_not_begun_anew(ledger: Path) -> None:
    """Without its record rows could go out twice; who means to begin anew is told what to delete, and then may."""
    ledger.unlink()
    mark = ledger.parent / "ledger_files" / "ledgers" / "ledger.db"

    with pytest.raises(LedgerError, match=rf"gone or empty\. Nothing was sent.*backup.*delete {mark} first"):
        open_at(ledger)
    assert not ledger.exists()
    mark.unlink()

    open_at(ledger).close()


def test_another_ledger_beside_the_first_may_be_new(ledger: Path) -> None:
    """The mark is that of one name: a second ledger in the same folder begins empty."""
    with open_at(ledger.with_name("second.db")) as second:
        assert second.listing.runs() == []


def test_an_older_ledger_without_a_mark_gets_one(ledger: Path) -> None:
    """Opening is enough."""
    shutil.rmtree(ledger.parent / "ledger_files" / "ledgers")

    open_at(ledger).close()

    assert (ledger.parent / "ledger_files" / "ledgers" / "ledger.db").is_file()


def test_a_folder_in_the_place_of_the_ledger_is_named(tmp_path: Path) -> None:
    """SQLite would only say that it is unable to open the file."""
    (tmp_path / "ledger.db").mkdir()

    with pytest.raises(LedgerError, match=r"The ledger .*ledger\.db is a folder, and should be a file\..*ETL_LEDGER"):
        open_at(tmp_path / "ledger.db")


def test_the_database_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    """A wrong path must not plant our tables in somebody else's data, nor change how it is written."""
    path = tmp_path / "music.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE songs (name TEXT)")
        database.commit()
    before = path.read_bytes()

    with pytest.raises(
        LedgerError, match=r"music\.db is a database of another program \(songs\), no ledger\..*ETL_LEDGER"
    ):
        open_at(path)

    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["music.db"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etl.ledger.sqlite.BUSY_SECONDS", 0)


LOCKED = r"cannot be used: database is locked\. Nothing more was sent.*a backup maybe.*Run the same command again"


def exclusive(path: Path) -> sqlite3.Connection:
    """A program that has the whole file to itself."""
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    holder.execute("CREATE TABLE backup_was_here (x)")
    return holder


def test_a_ledger_that_a_backup_has_to_itself_is_not_opened(ledger: Path, impatient: None) -> None:
    """Reading has to wait too; when that has taken too long the message says who may hold it."""
    with closing(exclusive(ledger)), pytest.raises(LedgerError, match=LOCKED) as told:
        open_at(ledger)

    assert code_of_error(told.value) is ExitCode.USAGE
    open_at(ledger).close()


def test_a_read_that_meets_a_lock_says_so(past: Past, impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only writing can be kept waiting: a question that is never answered ends in the same sentence."""
    run_id = past.run(CREATED)
    connection = past.book.ledger._database.connection
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    connection.exec_driver_sql("PRAGMA journal_mode = DELETE")

    with closing(exclusive(past.home / "ledger.db")), pytest.raises(LedgerError, match=LOCKED):
        past.book.ledger.runs.get(run_id)

    assert past.book.ledger.runs.get(run_id) is not None


def test_a_backup_that_only_reads_is_no_obstacle(past: Past, tmp_path: Path) -> None:
    """SQLite's own backup runs beside an import, and what it has copied is a whole ledger."""
    past.run(CREATED)
    (tmp_path / "backup").mkdir()
    with (
        closing(sqlite3.connect(past.home / "ledger.db")) as source,
        closing(sqlite3.connect(tmp_path / "backup" / "ledger.db")) as target,
    ):
        source.backup(target, pages=1, progress=lambda *_: past.book.ledger.accounts.note_numbering(1, "one"))
        past.run(CREATED, name="beside.csv")

    with open_at(tmp_path / "backup" / "ledger.db") as copied:
        assert copied.runs.counts(1) == {CREATED: 1}


def fill_disk(past: Past, pages: int = 0) -> None:
    """Let the file grow by so many pages and no more, as on a full disk."""
    used = past.book.query("PRAGMA page_count")[0][0]
    past.book.query(f"PRAGMA max_page_count = {used + pages}")


FULL = r"cannot be used: database or disk is full\. Nothing more was sent.*Make room on its disk, then run the same command"


def test_a_full_disk_leaves_the_ledger_as_it_was(past: Past) -> None:
    """A run that finds no room is not begun at all, and is begun when there is some."""
    past.run(CREATED)
    fill_disk(past)
    rows = past.book.query("SELECT COUNT(*) FROM rows")

    with pytest.raises(LedgerError, match=FULL):
        past.run(*[WAITING] * 300, name="large.csv", stop_reason="later")

    assert past.book.query("SELECT COUNT(*) FROM rows") == rows
    assert [one.run_id for one in past.book.ledger.listing.runs()] == [1]
    past.book.query("PRAGMA max_page_count = 1000000")
    assert past.run(*[WAITING] * 300, name="large.csv", stop_reason="later") == 2


def test_an_intent_that_finds_no_room_is_not_written_in_part(past: Past) -> None:
    """Slot, body and rows are one commit on a full disk too: what was not sent is not in doubt, and takes no slot."""
    run_id = past.run(*[WAITING] * 5, stop_reason="later")
    book = past.book
    body = os.urandom(20 * PAGE)  # does not deflate
    intent = Intent(book.account_id, book.scope_id, run_id, Window.BULK, book.waiting(run_id), body)
    fill_disk(past, pages=3)

    with pytest.raises(LedgerError, match=FULL):
        book.ledger.requests.reserve(intent, GENEROUS)

    assert book.query("SELECT COUNT(*) FROM requests") == [(0,)]
    assert book.query("SELECT COUNT(*) FROM request_days") == [(0,)]
    assert set(book.outcomes(run_id).values()) == {WAITING}
    assert book.claims() == set()


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(OSError(errno.ENOSPC, "No space left on device"), id="full"),
        pytest.param(OSError(errno.EROFS, "Read-only file system"), id="read-only"),
        pytest.param(OSError(errno.EIO, "Input/output error"), id="failing"),
    ],
)
def test_a_copy_that_finds_no_room_is_not_kept_in_part(
    past: Past, monkeypatch: pytest.MonkeyPatch, failure: OSError
) -> None:
    """Without the copy nothing may be sent: the message names file and folder, and no draft stays."""
    sheet = past.sheet("visits.csv", 3)

    def fail(_: int) -> None:
        raise failure

    with monkeypatch.context() as patch, pytest.raises(LedgerError) as told:
        patch.setattr(os, "fsync", fail)
        past.book.ledger.copies.keep(sheet, "input")

    assert (
        f"The copy of {sheet} cannot be kept in {past.home / 'ledger_files'}: {failure.strerror}." in told.value.message
    )
    assert list(past.book.ledger.copies.files()) == []
    assert past.book.query("SELECT * FROM copies") == []


def test_a_lock_that_cannot_be_made_stops_before_sending(past: Past) -> None:
    """Two imports that nothing keeps apart must not begin."""
    (past.home / "ledger_files" / "locks").write_text("in the way", encoding="utf-8")

    with pytest.raises(
        LedgerError, match=r"The lock that keeps two imports apart cannot be made in .*locks: .*Nothing was sent"
    ):
        past.book.ledger.lock_input(1, "visits")
