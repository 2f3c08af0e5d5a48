"""Which troubles of a database pass by themselves, so that a command waits for it and goes on."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from etl.clock import SystemClock
from etl.ledger.postgresql_words import is_worth_waiting
from etl.records import Outcome
from tests.ledger.books import a_row, open_book
from tests.postgresql import own_server

BY_WORDS = {
    "it recovers after a crash": ("FATAL:  the database system is in recovery mode", True),
    "it recovers still": ("FATAL:  the database system is not yet accepting connections", True),
    "it starts": ("FATAL:  the database system is starting up", True),
    "it stops": ("FATAL:  the database system is shutting down", True),
    "it was stopped under us": ("FATAL:  terminating connection due to administrator command", True),
    "a process of it crashed": ("WARNING:  terminating connection because of crash of another server process", True),
    "no connection is left": ("FATAL:  sorry, too many clients already", True),
    "none but those kept back": ("FATAL:  remaining connection slots are reserved for roles with …", True),
    "it speaks another language": ("FATAL:  das Datenbanksystem startet", True),
    "nobody listens": ("connection refused", True),
    "its socket is gone": ("connection to server on socket failed: No such file or directory", True),
    "it hung up": ("server closed the connection unexpectedly", True),
    "the network is away": ("could not translate host name: Temporary failure in name resolution", True),
    "TLS broke off": ("SSL SYSCALL error: EOF detected", True),
    "the password is wrong": ('FATAL:  password authentication failed for user "etl"', False),
    "no password": ("fe_sendauth: no password supplied", False),
    "its rules": ("FATAL:  no pg_hba.conf entry for host", False),
    "no such database": ('FATAL:  database "ledger" does not exist', False),
    "not to be trusted": ("SSL error: certificate verify failed", False),
}


@pytest.mark.parametrize(("words", "passes"), BY_WORDS.values(), ids=BY_WORDS)
def test_what_passes_before_there_is_a_session(words: str, passes: bool) -> None:
    """There is no SQLSTATE then: whatever is not known to need a person may pass, as SQLAlchemy wraps it, too."""
    error = psycopg.OperationalError(words)

    assert is_worth_waiting(error) is passes
    assert is_worth_waiting(OperationalError("SELECT 1", {}, error)) is passes


BY_STATE = {"53300": True, "57P01": True, "57P02": True, "57P03": True, "08006": True, "28P01": False, "42501": False}


@pytest.mark.parametrize(("state", "passes"), BY_STATE.items(), ids=BY_STATE)
def test_what_passes_by_its_state(state: str, passes: bool) -> None:
    """Where there is a SQLSTATE it decides, whatever the words."""
    error = psycopg.OperationalError("FATAL:  Passwort")
    error.sqlstate = state

    assert is_worth_waiting(error) is passes
    assert is_worth_waiting(OperationalError("SELECT 1", {}, error)) is passes


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is what it is about")
def test_a_database_one_of_whose_processes_is_killed_is_waited_for(tmp_path: Path) -> None:
    """As the kernel does where memory runs out: PostgreSQL ends all of its sessions and recovers, and the command goes on."""
    with own_server() as server:
        book = open_book(tmp_path, SystemClock(), server.new_database())
        run_id = book.begin([a_row(2)])
        for _ in range(2):
            ((number,),) = book.ledger._database.ask("SELECT pg_backend_pid()", {})
            os.kill(number, signal.SIGKILL)

            assert book.outcomes(run_id) == {2: Outcome.WAITING}
        book.ledger.close()
