"""What must hold where rows change activities: what LeadSquared was really told to change, in which order, held against the rows.

Updates may go twice, so they are not counted. What is told of a row is told of its content: its activity and all it sends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from unittest.mock import patch

from etl.events import InputSummary
from etl.records import Outcome
from etl.simulator.account import Account, Arrival
from etl.simulator.operations import update_in_bulk
from tests.laws import invariants

Content: TypeAlias = tuple[str, ...]
_APPLIED = frozenset({Outcome.UPDATED.value, Outcome.ALREADY_IMPORTED.value})
_plain = update_in_bulk.change_activity


def content_of(element: Mapping[str, Any]) -> Content:
    """The content of one element of an update's body, as `invariants.Naming` has it of a row without a name."""
    values = {one["SchemaName"]: one["Value"] for one in element.get("Fields", ())}
    activity_id = element["ProspectActivityId"].casefold()
    return (
        activity_id,
        values.get(invariants.VISIT, ""),
        element.get("ActivityNote") or "",
        values.get(invariants.AMOUNT, ""),
    )


@dataclass
class Journal:
    """What was carried out, and in which order rows set out for the first time.

    overtaken: what was carried out after something newer of the same activity.
    """

    user_email: str
    carried_out: set[Content] = field(default_factory=set)
    overtaken: list[str] = field(default_factory=list)
    _ranks: dict[Content, int] = field(default_factory=dict)
    _latest: dict[str, tuple[int, Content]] = field(default_factory=dict)
    _set_out: set[int] = field(default_factory=set)

    def sets_out(self, row_ids: Sequence[int], body: bytes) -> None:
        """These rows are about to leave. One that leaves again is no newer than it was."""
        for row_id, element in zip(row_ids, json.loads(body), strict=True):
            if row_id not in self._set_out:
                self._set_out.add(row_id)
                self._ranks[content_of(element)] = len(self._set_out)

    def is_carried_out(self, user_email: str, element: Mapping[str, Any]) -> None:
        """LeadSquared has changed an activity. What a colleague has set to the same is there as well."""
        content = content_of(element)
        self.carried_out.add(content)
        if user_email != self.user_email:
            return
        if content not in self._ranks:
            return  # brought there by a row that is known: its order is seen in what is held at the end
        rank = self._ranks[content]
        newest, last = self._latest.get(content[0], (0, content))
        if rank < newest:
            self.overtaken.append(f"{content} was carried out after {last}, which is newer")
        self._latest[content[0]] = (rank, content)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Hear of every change while this lasts."""

        def change(account: Account, arrival: Arrival, activity_id: str, members: Mapping[str, Any]) -> dict[str, Any]:
            self.is_carried_out(account.options.user_email, members)
            return _plain(account, arrival, activity_id, members)

        with patch.object(update_in_bulk, "change_activity", change):
            yield


def check(
    journal: Journal,
    summary: InputSummary,
    given: Sequence[Mapping[str, str]],
    activities: Sequence[Any],
    naming: invariants.Naming,
) -> None:
    """The laws of one input at the end of a run.

    Results hold every row once, in order; the equation holds; a row called updated was carried out, and its id is that of
    its activity, which is there; one called refused was not; no older value was carried out over a newer one.
    """
    assert summary.equation.holds, summary.equation
    rows = invariants.result_rows(summary.results)
    invariants.check_lines(rows, given)
    there = {one["ProspectActivityId"].casefold() for one in activities}
    for row in rows:
        content, status = naming.of_row(row), row["etl_status"]
        if status in _APPLIED:
            assert content in journal.carried_out, f"{content} is called {status} and was never carried out"
            assert row["ProspectActivityId"].casefold() == content[0], f"{row} is called {status} under another id"
            assert content[0] in there, f"{content} is called {status} and its activity is not there"
        if status == Outcome.REFUSED and row["Email"] not in naming.corrected:
            assert content not in journal.carried_out, f"{content} is called refused and was carried out"
        assert status != Outcome.CREATED, f"{content} is called created"


def check_order(journal: Journal, *, has_twins: bool, is_late: bool) -> None:
    """No older value was carried out over a newer one.

    Where a colleague sets the very values, and LeadSquared carries our own request out much later, nobody can tell: what is
    shown is theirs, and looks as if ours had arrived.
    """
    if not (has_twins and is_late):
        assert not journal.overtaken, journal.overtaken[0]
