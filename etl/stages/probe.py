"""A trial on one lead: what the vendor leaves undocumented, tried out with a few test activities.

Writes at most `MOST_ACTIVITIES` activities, whose notes begin with `etl probe`, and nothing else; no lead is changed but by
having them. LeadSquared has no way to take single activities back, so somebody deletes them by hand afterwards.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.errors import RefusedError
from etl.events import Note
from etl.reconciler.match import RowDone, RowRefused
from etl.stages.probe_look import Look, Watch
from etl.stages.probe_send import Sent, Tried, send

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.api.metadata import ActivityField
    from etl.clock import Clock
    from etl.events import Event
    from etl.ledger.store import Ledger
    from etl.stages.connect import Connection

MOST_ACTIVITIES = 7

NOBODY = "nobody@example.invalid"
"""RFC 2606: a name that is nobody's anywhere."""

NO_OPTION = "etl probe: no option"

_SETTLED_SECONDS = 5.0  # beyond the delay that was measured, before what is not seen is taken for not stored


@dataclass(frozen=True, slots=True)
class Answer:
    """What one point turned out to be. name: of the point. found: a word for the ledger. words: to a person."""

    name: str
    found: str
    words: str


@dataclass(frozen=True, slots=True)
class Learned:
    """All that the trial has shown. visibility_wait: seconds to set for it; None if nothing was ever seen."""

    answers: tuple[Answer, ...]
    visibility_wait: int | None
    written: int


def intentions(lead_id: str, event: int, dropdown: ActivityField | None) -> tuple[str, ...]:
    """What the trial will write, for whoever has to consent."""
    dropdown_words = (
        f"one with a value that {dropdown.schema_name} has no option for" if dropdown else "none about a dropdown"
    )
    return (
        f"Up to {MOST_ACTIVITIES} activities of type {event} on the lead {lead_id}, each with a note “etl probe …”:",
        "  four plain ones, one with an owner that is no user, one addressed to a lead that does not exist,",
        f"  {dropdown_words}.",
        "Automations and webhooks of this type run as for any activity, and etl cannot delete activities:",
        "choose a test lead and a test activity type, and delete them in LeadSquared afterwards.",
    )


@dataclass(slots=True)
class Trial:
    """The trial under way. token: tells its activities from those of another one. dropdown: a field to try, if any."""

    connection: Connection
    ledger: Ledger
    clock: Clock
    events: Callable[[Event], None]
    lead_id: str
    event: int
    dropdown: ActivityField | None
    token: str

    def go(self) -> Learned:
        """Try one point after the other, and keep what was found.

        Raises: RefusedError — LeadSquared takes no activity at all, in its own words. NetworkError — it cannot be asked.
        """
        self.events(Note("Two plain activities: how are the rows of an answer numbered?"))
        first = self._send(self._plain("first 1"), self._plain("first 2"))
        if first.is_refused:
            raise RefusedError(
                f"LeadSquared took no test activity: {first.reason}. Is this the id of a lead, and the type's number right?"
            )
        answers = []
        self.events(Note("How long until they are seen on reading?"))
        watch = Watch(self.connection.read, self.clock, self.lead_id, self.event, self.token, first.ended_at)
        seen = watch.until_seen(("first 1", "first 2"))
        answers += [_delay(look) for look in seen]
        settle = max([look.seconds for look in seen if look.seconds is not None], default=0.0) + _SETTLED_SECONDS
        self.events(Note("A row for a lead that does not exist, between two plain ones."))
        second, refused_row = self._refused_row(watch, settle)
        answers = [_numbering(first), _shape(first, second), *answers, refused_row]
        self.events(Note("An owner who is no user."))
        answers.append(self._bad_owner(watch, settle))
        answers.append(self._bad_option(watch, settle))
        learned = Learned(tuple(answers), _visibility_wait(seen), watch.count())
        self._keep(first, learned)
        return learned

    def _plain(self, name: str, **values: str) -> Tried:
        return Tried(self.lead_id, f"etl probe {self.token} {name}", values)

    def _send(self, *tried: Tried) -> Sent:
        return send(self.connection, self.ledger, self.clock, self.event, tried)

    def _refused_row(self, watch: Watch, settle: float) -> tuple[Sent, Answer]:
        nobody = f"00000000-0000-4000-8000-{uuid.uuid4().hex[:12]}"
        around = (
            self._plain("second 1"),
            Tried(nobody, f"etl probe {self.token} second 2", {}),
            self._plain("second 3"),
        )
        sent = self._send(*around)
        self.clock.sleep(settle)
        before, behind = (watch.is_stored(name) for name in ("second 1", "second 3"))
        return sent, _of_a_refused_row(sent, before, behind)

    def _bad_owner(self, watch: Watch, settle: float) -> Answer:
        sent = self._send(self._plain("owner", ActivityOwnerEmail=NOBODY))
        self.clock.sleep(settle)
        what = f"An owner who is no user ({NOBODY})"
        return _of_one_row("bad_owner", what, sent, watch.is_stored("owner"), "stored all the same, for another owner")

    def _bad_option(self, watch: Watch, settle: float) -> Answer:
        if self.dropdown is None:
            return Answer(
                "bad_dropdown", "not_tried", "A value that is no option: not tried, the type tells no dropdown."
            )
        self.events(Note(f"A value that {self.dropdown.schema_name} has no option for."))
        sent = self._send(self._plain("option", **{self.dropdown.schema_name: NO_OPTION}))
        self.clock.sleep(settle)
        held = watch.value_of("option", self.dropdown.schema_name)
        fate = (
            "stored as it was sent"
            if held == NO_OPTION
            else f"stored as “{held}”"
            if held
            else "stored without the value"
        )
        what = f"A value that is no option (of {self.dropdown.schema_name})"
        return _of_one_row("bad_dropdown", what, sent, watch.is_stored("option"), fate)

    def _keep(self, first: Sent, learned: Learned) -> None:
        account_id = self.connection.record.account_id
        if first.is_numbered:
            self.ledger.accounts.note_numbering(account_id, first.numbering)
        found = {answer.name: answer.found for answer in learned.answers}
        self.ledger.facts.put(account_id, "probe", found | {"visibility_wait": learned.visibility_wait})


def _numbering(sent: Sent) -> Answer:
    """How rows are numbered, as an answer shows in which all were accepted."""
    words = {
        "from_one": "Rows of an answer are numbered from 1.",
        "from_zero": "Rows of an answer are numbered from 0.",
        "unknown": "How rows are numbered was not to be seen; etl matches what it is sure of, and reads the rest back.",
    }
    return Answer("numbering", sent.numbering, words[sent.numbering])


def _shape(full: Sent, other: Sent) -> Answer:
    """Which rows an answer tells, and in which order: two rows may be in order by chance, so another answer counts too."""
    shape = full.shape if full.is_in_order and other.is_in_order else "rows_in_any_order"
    words = {
        "rows": "An answer tells each row, in the order of the request.",
        "rows_in_any_order": "An answer tells its rows in another order than the request.",
        "fewer_rows": "An answer tells fewer rows than were stored: the others are found by reading back.",
        "no_rows": "An answer tells no rows, only that it succeeded: each is found by reading back, which takes longer.",
    }
    return Answer("answer", shape, words[shape])


def _delay(look: Look) -> Answer:
    if not look.is_offered:
        return Answer(look.name, "not_offered", f"Reading {look.words}: not offered to this user.")
    if look.seconds is None:
        return Answer(look.name, "not_seen", f"Reading {look.words}: not seen within {look.waited:.0f} s.")
    return Answer(look.name, f"{look.seconds:.0f}", f"Reading {look.words}: seen after at most {look.seconds:.0f} s.")


def _of_a_refused_row(sent: Sent, before: bool, behind: bool) -> Answer:
    """What an answer looks like in which one row of three is refused."""
    what = "A refused row"
    if sent.row_verdicts and sent.items:
        verdict, item = sent.row_verdicts[1], sent.item(1)
        if isinstance(verdict, RowDone):
            return Answer(
                "refused_row", "accepted", "A row for a lead that does not exist was accepted as if there were one."
            )
        if isinstance(verdict, RowRefused) and item is not None:
            reason = f", with its reason (“{item.reason}”)" if item.reason else ", without a reason"
            return Answer(
                "refused_row", "inline" if item.reason else "inline_bare", f"{what} is told in its place{reason}."
            )
        return Answer(
            "refused_row", "omitted", f"{what} is left out of the answer; etl finds out about it by reading back."
        )
    if before and behind:
        return Answer(
            "refused_row", "others_stored", f"{what} hides in an answer about the whole request; the others are stored."
        )
    if before:
        return Answer(
            "refused_row", "midway", f"{what} ends its request: those before it are stored, those behind it are not."
        )
    if behind:
        return Answer("refused_row", "unclear", f"{what}: what became of its request is not clear.")
    return Answer(
        "refused_row",
        "all_or_nothing",
        f"{what} has its whole request refused; etl then sends the others in smaller ones.",
    )


def _of_one_row(name: str, what: str, sent: Sent, stored: bool, fate: str) -> Answer:
    """What became of a request with a single doubtful row."""
    if stored:
        return Answer(name, "stored", f"{what}: {fate}. etl check --live finds these before they are sent.")
    reason = sent.reason
    if reason is not None:
        return Answer(name, "refused", f"{what}: refused (“{reason}”).")
    told_stored = any(isinstance(verdict, RowDone) for verdict in sent.row_verdicts)
    if told_stored:
        return Answer(name, "unseen", f"{what}: LeadSquared says that it is stored, and it was not seen on reading.")
    return Answer(name, "refused", f"{what}: not stored.")


def _visibility_wait(seen: tuple[Look, ...]) -> int | None:
    """Three times the slower read and half a minute more, in tens, and never less than what is safe without a trial.

    One measurement is no promise: an index may lag longer when the account is busy.
    """
    offered = [look for look in seen if look.is_offered]
    if not any(look.seconds is not None for look in offered):
        return None
    slowest = max(look.waited if look.seconds is None else look.seconds for look in offered)
    return max(90, -int(-(3 * slowest + 30) // 10) * 10)
