"""An import for practice: a simulator of its own, a ledger of its own, nothing of it left behind but the results files."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from etl.mapping.lead_columns import EMAIL, PHONE
from etl.records import Limit
from etl.settings import Account, Secret, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from etl.mapping.lead_columns import KnownBy, LeadValue
    from etl.stages.prepare import PreparedInput


_LIMIT = Limit(25, 1.0)

_UNIQUE = frozenset({EMAIL, PHONE})

_NOBODY = "nobody@"
"""With such an address the simulator has no lead, so that a sheet can show what becomes of a lead that is missing."""


@contextmanager
def rehearsal() -> Iterator[Settings]:
    """Settings with a ledger for practice, for as long as the block lasts; the account comes from `practice_account`."""
    with tempfile.TemporaryDirectory(prefix="etl-rehearsal-", ignore_cleanup_errors=True) as folder:
        yield Settings(None, f"sqlite:///{Path(folder) / 'ledger.db'}", Path(folder) / "ledger_files")


@contextmanager
def practice_account(inputs: Sequence[PreparedInput]) -> Iterator[Account]:
    """An embedded simulator instead of LeadSquared, for as long as the block lasts. It has the leads of these sheets."""
    from etl.simulator import RateLimit, SimulatorOptions  # noqa: PLC0415 — only a rehearsal needs the web framework
    from etl.simulator.server import EmbeddedSimulator  # noqa: PLC0415 — the same

    # An update is rehearsed on ids of the real account. A person waits, so a window is a second long instead of five.
    options = SimulatorOptions(
        leads=tuple(leads_of(known_by for one in inputs for known_by in _told_by(one))),
        other_activities_exist=True,
        limit=RateLimit(_LIMIT.count, _LIMIT.seconds),
    )
    with EmbeddedSimulator(options) as simulator:
        yield Account(
            name="rehearsal",
            base_url=simulator.url,
            access_key=Secret(options.access_key),
            secret_key=Secret(options.secret_key),
            limit=_LIMIT,
            bulk_limit=_LIMIT,
            visibility_wait_seconds=1.0,  # the simulator shows at once what it holds
            late_wait_seconds=1.0,
        )


def leads_of(rows: Iterable[KnownBy]) -> list[dict[str, str]]:
    """The leads that a sheet seems to know, each as lead field → value: what one row tells belongs to one lead.

    The first row that tells a value decides whose it is. So a row with one lead's phone and another one's address finds two
    leads here, as it would in LeadSquared.
    """
    leads: list[dict[str, str]] = []
    holders: dict[tuple[str, str], dict[str, str]] = {}
    for known_by in rows:
        told = {(one.asked_by, one.value.casefold()): one for one in known_by if _is_of_a_lead(one)}
        lead = next((holders[key] for key in told if key in holders), None)
        for key, one in told.items():
            if key in holders:
                continue
            if lead is None or one.lead_field in lead:  # one lead has one phone number, one address
                leads.append({})
            holder = holders[key] = leads[-1] if lead is None or one.lead_field in lead else lead
            holder[one.lead_field] = one.value
            lead = lead or holder
    return leads


def _is_of_a_lead(value: LeadValue) -> bool:
    """Whether the simulator tells leads apart by that field, and has one with this value."""
    is_unique = value.asked_by in _UNIQUE or value.asked_by.startswith("mx_")
    return is_unique and not value.value.casefold().startswith(_NOBODY)


def _told_by(prepared: PreparedInput) -> Iterator[KnownBy]:
    """What the rows of an input know of their leads, where its mapping finds leads."""
    if prepared.mapping.mapping.leads is None:
        return
    for rows in prepared.applied(addressed=False):
        yield from (row.known_by for row in rows)
