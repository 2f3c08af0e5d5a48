"""What must hold after any history of runs, in one place: for crashes at every step, seeded histories, flows and machines.

What tells rows apart is their identity (`identity_of`): the value that names the row where the mapping says `unique_by`, else
all that is sent of it. Equal rows are counted: of n in a file LeadSquared may hold n. What another user has written is not ours.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from etl.events import InputSummary
from etl.records import Outcome

VISIT = "mx_Custom_1"
"""The custom field that holds the value that names a row in the tests' sheets."""

AMOUNT = "mx_Custom_2"

IN_LEADSQUARED = frozenset({"created", "updated", "already_imported", "changed"})
MAY_BE_STORED = IN_LEADSQUARED | {"unconfirmed"}
MOST_ROWS_IN_A_REQUEST = 25

Identity: TypeAlias = tuple[str, ...]
Activity: TypeAlias = "Mapping[str, Any]"


@dataclass(frozen=True, slots=True)
class Naming:
    """What makes two rows, or a row and an activity, the same."""

    by_visit: bool = True
    corrected: Mapping[str, str] = field(default_factory=dict)
    """Leads that a person has corrected, and to what: the row stays the same."""
    revises: bool = False
    """A row that is there may be called waiting or refused for the sake of its other values."""

    def of_row(self, row: Mapping[str, str]) -> Identity:
        if self.by_visit:
            return (row["Visit"],)
        email = self.corrected.get(row["Email"], row["Email"])
        return (email, row["Visit"], row.get("Remarks", ""), row.get("Amount", ""))

    def of_activity(self, activity: Activity) -> Identity:
        values = {field["SchemaName"]: field["Value"] for field in activity["Fields"]}
        visit = values.get(VISIT, "")
        if self.by_visit:
            return (visit,)
        return (activity["SearchByValue"], visit, activity["ActivityNote"] or "", values.get(AMOUNT, ""))


NAMING = Naming()


def stored_visits(activities: Iterable[Activity]) -> Counter[str]:
    """How often the server holds each visit."""
    return Counter(Naming().of_activity(one)[0] for one in activities)


def result_rows(results: Path | None) -> list[dict[str, str]]:
    """The rows of a sheet, a results file or a failed file."""
    assert results is not None, "there are no results"
    with results.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def held(activities: Iterable[Activity], naming: Naming, user_email: str | None = None) -> Counter[Identity]:
    """How often the server holds each row of this user's."""
    ours = (one for one in activities if user_email is None or one["CreatedByEmailAddress"] == user_email)
    return Counter(naming.of_activity(one) for one in ours)


def at_most_once(stored: Mapping[Identity, int], sheets: Iterable[Sequence[Mapping[str, str]]], naming: Naming) -> None:
    """The server holds each row at most once: of equal rows no more than the sheet has that has most of them."""
    allowed: Counter[Identity] = Counter()
    for rows in sheets:
        allowed |= Counter(naming.of_row(row) for row in rows)
    for identity, times in stored.items():
        most = min(1, allowed[identity]) if naming.by_visit else allowed[identity]
        assert times <= most, f"{identity} is stored {times} times, and {most} rows are so"


def in_their_places(
    activities: Iterable[Activity], sheets: Iterable[Sequence[Mapping[str, str]]], user_email: str
) -> None:
    """What the server holds of this user's is with a lead, or an opportunity, to which a sheet has assigned it."""
    meant = {(row["Email"], row["Visit"]) for rows in sheets for row in rows}
    for one in activities:
        if one["CreatedByEmailAddress"] == user_email:
            place = (one["SearchByValue"], Naming().of_activity(one)[0])
            assert place in meant, f"{place} is stored, and no sheet has such a row"


def check(
    activities: Sequence[Activity],
    summary: InputSummary,
    sheet: Path | Sequence[Mapping[str, str]],
    naming: Naming = NAMING,
    *,
    user_email: str | None = None,
    is_alone: bool = True,
    has_twins: bool = False,
    has_false_ids: bool = False,
) -> None:
    """The laws of one input at the end of a run.

    Results hold every row once, in order; the equation holds; a row called created or imported is there, under that id
    where one is named, and no two rows share one; a row that is there is called so, changed or unconfirmed. A row with a
    lead that somebody corrected elsewhere may be there as that, and still be called refused here.
    is_alone: no other process may have stored rows of this input since the results were written. has_twins: somebody else
    writes equal activities, and which is whose may be untold. has_false_ids: LeadSquared names ids of other rows, which no
    client can see before it reads back.
    """
    assert summary.equation.holds, summary.equation
    rows, given = result_rows(summary.results), result_rows(sheet) if isinstance(sheet, Path) else sheet
    check_lines(rows, given)
    if not has_false_ids:
        _check_ids(rows, activities, naming)
    stored = held(activities, naming, None if has_twins else user_email)
    called = Counter(naming.of_row(row) for row in rows if row["etl_status"] in IN_LEADSQUARED - {"changed"})
    elsewhere = {naming.of_row(row) for row in rows if row["Email"] in naming.corrected}
    maybe = Counter(naming.of_row(row) for row in rows if row["etl_status"] in MAY_BE_STORED)
    for identity, times in Counter(naming.of_row(row) for row in rows).items():
        there = stored[identity]
        most = times if there and naming.by_visit else there
        assert called[identity] <= most, f"{identity}: {called[identity]} are called stored, {there} are there"
        if is_alone and not has_twins and identity not in elsewhere and not naming.revises:
            assert maybe[identity] >= min(there, times), (
                f"{identity}: {there} are there, {maybe[identity]} are called so"
            )


def check_lines(rows: Sequence[Mapping[str, str]], given: Sequence[Mapping[str, str]]) -> None:
    """Results hold every row once, in order."""
    assert [_cells(row) for row in rows] == [_cells(row) for row in given], "rows lost, moved or changed"


def _cells(row: Mapping[str, str]) -> dict[str, str]:
    ours = ("etl_", "ProspectActivityId")
    return {name: value for name, value in row.items() if not name.startswith(ours)}


def _check_ids(rows: Sequence[Mapping[str, str]], activities: Sequence[Activity], naming: Naming) -> None:
    identity_of = {one["ProspectActivityId"].casefold(): naming.of_activity(one) for one in activities}
    owners: dict[str, Identity] = {}
    for row in rows:
        activity_id = row["ProspectActivityId"].casefold()
        if row["etl_status"] == Outcome.CREATED:
            assert activity_id, f"{row} is called created, under no id"
        if not activity_id or row["etl_status"] not in {"created", "already_imported"}:
            continue
        identity = naming.of_row(row)
        assert identity_of.get(activity_id) == identity, f"{identity} has the id of {identity_of.get(activity_id)}"
        is_shared = activity_id in owners and not naming.by_visit
        assert not is_shared, f"{identity} and another row share the id {activity_id}"
        owners[activity_id] = identity


def check_server(stats: Mapping[str, Any], *, limit: int | None) -> None:
    """No request above 25 rows, no window above its limit (None: others sent, too), no redirect followed, no key in a URL."""
    assert stats["internal_errors"] == 0, stats["last_internal_error"]
    assert stats["largest_request_rows"] <= MOST_ROWS_IN_A_REQUEST, "a request with more than 25 rows"
    assert stats["redirects_followed"] == 0, "a redirect was followed"
    assert stats["requests_with_keys_in_url"] == 0, "keys stand in a URL"
    if limit is not None:
        assert stats["refused_for_rate"] == 0, "a window was above its limit"
        assert stats["most_requests_in_window"] <= limit, "a window was above its limit"


def check_settled(
    summary: InputSummary,
    naming: Naming,
    *,
    is_bad: Callable[[Mapping[str, str]], bool] = lambda _row: False,
) -> None:
    """After an undisturbed last run, where nothing hinders reading back, every row has its end.

    is_bad: a row that LeadSquared refuses.
    """
    for row in result_rows(summary.results):
        status, what = row["etl_status"], f"{naming.of_row(row)} is {row['etl_status']}: {row['etl_error']}"
        if status == Outcome.REFUSED:
            assert is_bad(row), what
        left = status in {Outcome.UNCONFIRMED, Outcome.WAITING}
        assert not left, f"{what} ({summary.equation}; {summary.stop_reason})"
