"""The end of each life held against the invariants, and the end of the whole history."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from etl.events import InputSummary
from etl.records import Outcome
from etl.simulator import BulkFailureMode, BulkSuccessShape, FaultKind
from tests.laws import draws, invariants, updates
from tests.laws.draws import Scene
from tests.laws.papers import Papers
from tests.laws.updates import Journal
from tests.laws.ways import OPPORTUNITY
from tests.laws.world import World

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
LATE_FAULTS = frozenset({FaultKind.STORE_LATE, FaultKind.GATEWAY_TIMEOUT_LATE})
_OF_THE_WORLD = (
    "DNS failure",
    "connection refused",
    "network gone for an hour",
    "answer lost with the network",
    "clock set",
    "machine asleep",
    "reboot",
    "halted",
    "lease renewed",
)

_THERE = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.ALREADY_IMPORTED})


@dataclass
class Verdicts:
    """has_second_ledger: another ledger has sent rows of this sheet. naming: what tells rows apart."""

    scene: Scene
    world: World
    papers: Papers
    journal: Journal
    tally: Counter[str]
    log: Callable[[str], None]
    has_second_ledger: bool = False
    naming: invariants.Naming = field(init=False)

    def __post_init__(self) -> None:
        self.naming = invariants.Naming(self.scene.is_unique, self.scene.way.corrected, self.scene.revises)

    def on_life(self, summary: InputSummary, given: list[dict[str, str]], *, is_alone: bool) -> None:
        """One input has come to the end of a run."""
        self.log(f"    {summary.equation} (exit {summary.exit_code}; {summary.stop_reason})")
        for outcome in (Outcome.ALREADY_IMPORTED, Outcome.CHANGED):
            self.tally[outcome.value.replace("_", " ")] += summary.equation.outcomes.get(outcome, 0)
        if summary.results is None:
            return
        self._tell_open_rows(summary)
        activities = self.world.simulator.activities()
        if not self.scene.way.makes_new:
            updates.check(self.journal, summary, given, activities, self.naming)
            self._of_what_is_held()
            return
        invariants.check(
            activities,
            summary,
            given,
            self.naming,
            user_email=self.scene.options.user_email,
            is_alone=is_alone and not self.has_second_ledger,
            has_twins=self.scene.has_twins,
            has_false_ids=any(fault.kind is FaultKind.DUPLICATE_ID for fault in self.scene.faults),
        )
        self._of_what_is_held()

    def on_stop(self, life: int) -> None:
        """Nothing is sent after a stop was taken in."""
        late = [one for one in self.world.written if one.life == life and one.is_stopping]
        assert not late, "rows were sent after a stop was taken in"

    def on_history(self, summary: InputSummary) -> None:
        """The last, undisturbed run is over, and whatever was late has happened."""
        self._of_what_is_held()
        options = self.scene.options
        keeps = self.scene.limit.count <= options.limit.count and options.daily is None
        cable, stats = self.world.cable, self.world.simulator.stats()
        lies = cable is not None and self.world.seconds >= cable.lies_from
        if lies and keeps and cable is not None and not self.has_second_ledger:
            assert stats["refused_for_rate"] <= cable.most_refused(self.scene.limit), "a line that lies costs too much"
        limit = options.limit.count if keeps and not lies and not self.has_second_ledger else None
        invariants.check_server(stats, limit=limit)
        hindrance = self.scene.may_stay_open or self._untold_bad_rows()
        left = summary.equation.outcomes.get(Outcome.UNCONFIRMED, 0)
        if hindrance is None:
            invariants.check_settled(summary, self.naming, is_bad=lambda row: row["Email"] in self.scene.way.corrected)
        elif left:
            self.tally[f"left open: {hindrance}"] += left
        for outcome, rows in summary.equation.outcomes.items():
            self.tally[f"finally {outcome.value}"] += rows
            self.tally[f"{self.scene.way.operation}: {outcome.value}"] += rows
        self.tally[f"{self.scene.way.operation}: verified found"] += self.tally["verified found"]
        self._of_opportunities()
        self._of_revisions(summary)

    def count_what_struck(self) -> None:
        """Count the faults that really struck, by the simulator's and the network's own count."""
        stats, happened = self.world.simulator.stats(), self.world.happened
        for kind, times in stats["faults"].items():
            self.tally[f"fault {kind}"] += times
        form = self.scene.options.switches.throttle_form.value
        throttled = stats["faults"].get(FaultKind.THROTTLE.value, 0) + stats["refused_for_rate"]
        self.tally[f"throttled as {form}"] += throttled
        self.tally["limit learned from refusals"] += stats["refused_for_rate"]
        self.tally["day's quota of LeadSquared used up"] += stats["refused_for_quota"]
        self.tally["keys refused"] += stats["refused_for_keys"]
        self.tally["read by lead"] += happened["asked Retrieve"]
        self.tally["read by time"] += happened["asked CustomActivity/RetrieveByActivityEvent"]
        for name in _OF_THE_WORLD:
            self.tally[name] += happened[name]

    def _of_what_is_held(self) -> None:
        """Each row at most once, and where it belongs; or no activity changed back to something older."""
        if not self.scene.way.makes_new:
            is_late = any(fault.kind in LATE_FAULTS for fault in self.scene.faults)
            updates.check_order(self.journal, has_twins=self.scene.has_twins, is_late=is_late)
            return
        activities = self.world.simulator.activities()
        invariants.in_their_places(activities, self.papers.contents, self.scene.options.user_email)
        stored = invariants.held(activities, self.naming, self.scene.options.user_email)
        invariants.at_most_once(stored, self.papers.contents, self.naming)

    def _of_opportunities(self) -> None:
        """Without row keys nothing tells what became of their rows in doubt: none is found, and none goes once more."""
        if self.scene.way.operation == OPPORTUNITY and not self.scene.has_key and not self.scene.revises:
            guessed = [name for name in ("verified found", "verified absent", "probe") if self.tally[name]]
            assert not guessed, f"{guessed} for an opportunity without row keys"

    def _of_revisions(self, summary: InputSummary) -> None:
        """Each activity has what the last row of its name says, unless one of them could not be brought there."""
        if not self.scene.revises or self.scene.way.note != "ActivityNote":
            return
        activities, ours = self.world.simulator.activities(), self.scene.options.user_email
        notes = {
            invariants.Naming().of_activity(one)[0]: one["ActivityNote"] or ""
            for one in activities
            if one["CreatedByEmailAddress"] == ours
        }
        rows = [row for row in invariants.result_rows(summary.results) if row["Visit"]]
        open_ = {row["Visit"] for row in rows if row["etl_status"] not in _THERE}
        for visit, row in {row["Visit"]: row for row in rows if row["Visit"] not in open_}.items():
            assert notes[visit] == row["Remarks"], (
                f"{visit}: {notes[visit]!r} is held, and {row['Remarks']!r} was to be"
            )
            self.tally["revised" if row["etl_status"] == Outcome.UPDATED else "not revised"] += 1

    def _untold_bad_rows(self) -> str | None:
        """Rows that LeadSquared does not take and says nothing of can only stay open, and are no good as probes."""
        switches = self.scene.options.switches
        is_left_out = switches.bulk_failure_mode is BulkFailureMode.INLINE_OMITTED
        is_told = switches.bulk_success_shape is BulkSuccessShape.RESPONSE and not is_left_out
        has_bad = any(row.email in draws.CORRECTED for row in self.papers.rows)
        return "bad rows of which nothing is told" if has_bad and not is_told else None

    def _tell_open_rows(self, summary: InputSummary) -> None:
        rows = [row for row in invariants.result_rows(summary.results) if row["etl_status"] == Outcome.UNCONFIRMED]
        for reason, times in Counter(_GUID.sub("…", row["etl_error"]) for row in rows).most_common(3):
            first = next(row["etl_row"] for row in rows if _GUID.sub("…", row["etl_error"]) == reason)
            self.log(f"    {times} open, row {first}: {reason[:220]}")
