"""The rooms of an open ledger, each loaded and made when somebody enters it.

No command enters all of them: to load the rest takes a tenth of the time of one that only lists runs.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from etl.ledger.accounts import Accounts
    from etl.ledger.causes import Causes
    from etl.ledger.copies import Copies
    from etl.ledger.database import Database
    from etl.ledger.doubts import Doubts
    from etl.ledger.facts import Facts
    from etl.ledger.failures import Failures
    from etl.ledger.found_leads import FoundLeads
    from etl.ledger.handover import Handovers
    from etl.ledger.known_keys import KnownKeys
    from etl.ledger.leases import Leases
    from etl.ledger.limits_held import LimitsHeld
    from etl.ledger.listing import Listing
    from etl.ledger.mark import Mark
    from etl.ledger.moves import Moves
    from etl.ledger.plan import Plan
    from etl.ledger.prune import Pruning
    from etl.ledger.requests import Requests
    from etl.ledger.revisions import Revisions
    from etl.ledger.rounds import Rounds
    from etl.ledger.runs import Runs
    from etl.ledger.standing import Standing
    from etl.ledger.steps import Steps
    from etl.ledger.undoing import Undoings


class Rooms:
    """What a ledger (`store`) has of rooms.

    _files: the folder for kept copies. _mark: beside a ledger in a file. _leases: of one that machines share.
    """

    _database: Database
    _files: Path
    _mark: Mark | None
    _leases: Leases | None

    @cached_property
    def accounts(self) -> Accounts:
        """Accounts and what was learned of them."""
        from etl.ledger.accounts import Accounts  # noqa: PLC0415 — as the module says

        return Accounts(self._database)

    @cached_property
    def copies(self) -> Copies:
        """Kept copies of inputs and mappings."""
        from etl.ledger.copies import Copies  # noqa: PLC0415 — as the module says

        return Copies(self._database, self._files)

    @cached_property
    def runs(self) -> Runs:
        """Runs and their rows."""
        from etl.ledger.runs import Runs  # noqa: PLC0415 — as the module says

        leases = self._leases
        return Runs(self._database) if leases is None else Runs(self._database, leases.holds_in_this_commit)

    @cached_property
    def listing(self) -> Listing:
        """What is there, for people."""
        from etl.ledger.listing import Listing  # noqa: PLC0415 — as the module says

        return Listing(self._database)

    @cached_property
    def steps(self) -> Steps:
        """Who did what with a run."""
        from etl.ledger.steps import Steps  # noqa: PLC0415 — as the module says

        return Steps(self._database)

    @cached_property
    def failures(self) -> Failures:
        """What was refused, by account."""
        from etl.ledger.failures import Failures  # noqa: PLC0415 — as the module says

        return Failures(self._database)

    @cached_property
    def known_keys(self) -> KnownKeys:
        """Keys of activities that were read."""
        from etl.ledger.known_keys import KnownKeys  # noqa: PLC0415 — as the module says

        return KnownKeys(self._database)

    @cached_property
    def facts(self) -> Facts:
        """What may be forgotten, for it can be asked again."""
        from etl.ledger.facts import Facts  # noqa: PLC0415 — as the module says

        return Facts(self._database)

    @cached_property
    def found_leads(self) -> FoundLeads:
        """What look-ups of leads have found."""
        from etl.ledger.found_leads import FoundLeads  # noqa: PLC0415 — as the module says

        return FoundLeads(self._database)

    @cached_property
    def moves(self) -> Moves:
        """Folders that were moved."""
        from etl.ledger.moves import Moves  # noqa: PLC0415 — as the module says

        return Moves(self._database)

    @cached_property
    def causes(self) -> Causes:
        """Why rows are not in LeadSquared."""
        from etl.ledger.causes import Causes  # noqa: PLC0415 — as the module says

        return Causes(self._database)

    @cached_property
    def limits_held(self) -> LimitsHeld:
        """The limits of accounts over time."""
        from etl.ledger.limits_held import LimitsHeld  # noqa: PLC0415 — as the module says

        return LimitsHeld(self._database)

    @cached_property
    def pruning(self) -> Pruning:
        """What may be forgotten of old runs."""
        from etl.ledger.prune import Pruning  # noqa: PLC0415 — as the module says

        return Pruning(self._database, self.copies, self._mark.neighbours if self._mark else list)

    @cached_property
    def requests(self) -> Requests:
        """Slots, intents and ends of requests."""
        from etl.ledger.requests import Requests  # noqa: PLC0415 — as the module says

        leases = self._leases
        if leases is None:
            return Requests(self._database)
        return Requests(self._database, leases.holds_in_this_commit, leases.is_after_one_that_may_live)

    @cached_property
    def revisions(self) -> Revisions:
        """Runs that bring other values to activities."""
        from etl.ledger.revisions import Revisions  # noqa: PLC0415 — as the module says

        return Revisions(self._database)

    @cached_property
    def doubts(self) -> Doubts:
        """Rows that may be in LeadSquared."""
        from etl.ledger.doubts import Doubts  # noqa: PLC0415 — as the module says

        return Doubts(self._database)

    @cached_property
    def handovers(self) -> Handovers:
        """Runs that go to another ledger, or come from one."""
        from etl.ledger.handover import Handovers  # noqa: PLC0415 — as the module says

        return Handovers(self._database)

    @cached_property
    def undoings(self) -> Undoings:
        """Rows that are taken back."""
        from etl.ledger.undoing import Undoings  # noqa: PLC0415 — as the module says

        return Undoings(self._database)

    @cached_property
    def rounds(self) -> Rounds:
        """Rounds of reading back."""
        from etl.ledger.rounds import Rounds  # noqa: PLC0415 — as the module says

        return Rounds(self._database)

    @cached_property
    def standing(self) -> Standing:
        """How accounts stand."""
        from etl.ledger.standing import Standing  # noqa: PLC0415 — as the module says

        return Standing(self._database)

    def plan(self) -> Plan:
        """An empty plan on this connection; the one before it is gone."""
        from etl.ledger.plan import Plan  # noqa: PLC0415 — as the module says

        return Plan(self._database)
