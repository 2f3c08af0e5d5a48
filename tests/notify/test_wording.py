"""A notice says what happened in words that the person who reads it on a phone can act on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from etl.inbox.words import Filed, What
from etl.notices import of_filed
from etl.notify import payloads
from etl.notify.notice import Ending, Notice
from etl.notify.wording import shortened, subject, text
from etl.reconciler.report.facts import Cause, Example
from etl.records import Outcome
from etl.settings.notifier import When

AT = datetime(2026, 6, 3, 18, 30, tzinfo=UTC)
CAUSE = Cause(
    Outcome.INVALID,
    "bad_date",
    "A text is no date",
    2,
    (Example(16, 'C16: "••/••/••••" is no date.'), Example(17, "No lead")),
)


def ending(code: int, rows: int = 0, **counts: Any) -> Ending:
    found = {Outcome(name): count for name, count in counts.items()}
    return Ending("visits.xlsx", code, rows or sum(found.values()), found)


def notice(*endings: Ending, code: int | None = None, **more: Any) -> Notice:
    return Notice(
        "etl run",
        max((one.exit_code for one in endings), default=0) if code is None else code,
        endings,
        AT,
        "vm",
        **more,
    )


SUBJECTS: dict[str, tuple[Notice, str]] = {
    "all in": (notice(ending(0, created=240, already_imported=3)), "visits.xlsx: done, 240 rows sent"),
    "one": (notice(ending(0, updated=1)), "visits.xlsx: done, 1 row sent"),
    "known": (notice(ending(0, already_imported=3)), "visits.xlsx: done, nothing to send"),
    "within bounds": (notice(ending(0, invalid=1, ignored=40)), "visits.xlsx: done, 1 row left to correct"),
    "to correct": (notice(ending(4, created=7, invalid=2, refused=1)), "visits.xlsx: 3 rows to correct"),
    "stopped": (notice(ending(6, created=9, waiting=1200)), "visits.xlsx: stopped before the end, 1,200 rows wait"),
    "interrupted": (notice(ending(143, waiting=1)), "visits.xlsx: stopped before the end, 1 row waits"),
    "unconfirmed": (notice(ending(7, unconfirmed=5)), "visits.xlsx: 5 rows unconfirmed"),
    "refused": (notice(ending(5)), "visits.xlsx: LeadSquared refused the account or the activity type; stopped"),
    "two fine": (notice(ending(0, created=1), ending(0)), "all 2 files are done"),
    "two": (notice(ending(0, created=1), ending(4, invalid=1)), "1 of 2 files need a person"),
    "error": (notice(code=2, error="No."), "etl run: command, mapping or settings wrong; nothing sent"),
    "a name that adds a line": (notice(replace(ending(0), input="a\r\nBcc: x")), "a� Bcc: x: done, nothing to send"),
}


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_subject_says_how_it_ended(name: str) -> None:
    """In one line, whatever happened."""
    told, expected = SUBJECTS[name]

    assert subject(told) == expected


def test_the_whole_text() -> None:
    """Counts, causes with examples, files, next step and command, in this order."""
    told = replace(
        ending(4, created=1237, invalid=2),
        runs=(41,),
        account="prod",
        mapping="visits",
        causes=(CAUSE,),
        causes_left_out=1,
        failed=Path("/srv/a/visits.failed.xlsx"),
        next_step="Correct it.",
        next_command="etl run /srv/a/visits.failed.xlsx",
    )

    assert (
        text(notice(told))
        == """\
visits.xlsx: 2 rows to correct
run 41, account prod, mapping visits

  1,237 created
      2 invalid
  1,239 data rows in all

What to correct:
  2 rows invalid (bad_date): A text is no date.
    C16: "••/••/••••" is no date.
    row 17: No lead
  and 1 further kind, in the failed file

To correct: /srv/a/visits.failed.xlsx
Next:       Correct it.
Command:    etl run /srv/a/visits.failed.xlsx

Values of cells are masked; the failed file shows them.
etl run on vm, 2026-06-03 18:30 UTC, exit code 4.
"""
    )


def filed(what: What, code: int, **more: Any) -> Filed:
    made = Filed(
        what=what,
        inbox=Path("/srv/v"),
        file="nagpur.xlsx",
        exit_code=code,
        reason="It happened",
        submitter="p@example.com",
    )
    return replace(made, **more)


FILED: dict[str, tuple[Filed, bool, str]] = {
    "fine": (
        filed(What.IMPORTED, 0, counts={Outcome.CREATED: 2}, data_rows=2),
        False,
        "nagpur.xlsx: done, 2 rows sent",
    ),
    "few to correct": (
        filed(What.IMPORTED, 0, counts={Outcome.INVALID: 1}, data_rows=40, is_within_bounds=True),
        False,
        "nagpur.xlsx: done, 1 row left to correct",
    ),
    "to correct": (
        filed(What.NEEDS_A_PERSON, 4, counts={Outcome.INVALID: 1}, data_rows=1),
        True,
        "nagpur.xlsx: 1 row to correct",
    ),
    "goes on": (
        filed(What.GOES_ON, 6, counts={Outcome.WAITING: 2}, data_rows=2),
        False,
        "nagpur.xlsx: stopped before the end, 2 rows wait",
    ),
    "a repeat": (
        filed(What.REPEAT, 0, reason="The same content was imported before"),
        False,
        "The same content was imported before",
    ),
    "missing": (
        filed(What.MISSING, 4, file="", reason="no file from Nagpur on 3 June", day=date(2026, 6, 3)),
        True,
        "No file from Nagpur on 3 June",
    ),
}


@pytest.mark.parametrize("name", FILED)
def test_a_file_of_an_inbox(name: str) -> None:
    """Whether a person is called, in which words, and that its submitter is known."""
    one, calls, expected = FILED[name]
    told = notice(of_filed(one))

    assert (told.needs_attention, subject(told), told.submitters) == (calls, expected, ("p@example.com",))
    assert [When.SUCCESS.is_met(needs_attention=calls), When.ATTENTION.is_met(needs_attention=calls)] == [
        not calls,
        calls,
    ]


def test_chats_take_signs_for_themselves() -> None:
    """What a cell holds makes no link and no bold text; and long messages are cut at a line, in bytes where it is bytes."""
    odd = notice(replace(ending(4, invalid=1), reason="<!channel> & *x*"))
    slack = json.loads(payloads.for_slack(odd))
    card = json.loads(payloads.for_teams(odd))["attachments"][0]["content"]
    lines = [block["inlines"][0]["text"] for block in card["body"]]
    many = notice(*[replace(ending(4, invalid=1), input=f"दौरा {number}.xlsx") for number in range(2000)])

    assert "&lt;!channel&gt; &amp; *x*" in slack["text"]
    assert slack["mrkdwn"] is False
    assert "<!channel> & *x*." in lines
    assert len(payloads.for_ping(many)) <= 10_000
    assert payloads.for_ping(many).decode().endswith("stands in the failed file and the results.\n")
    assert 5_000 < len(payloads.for_teams(many)) <= 28_000
    assert len(json.loads(payloads.for_slack(many))["text"]) < 4000
    assert shortened("a\nb\n", 100) == "a\nb\n"
