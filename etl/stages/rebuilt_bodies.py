"""Bodies of requests made again from the sheet, where a package was written without values: rows in doubt are told by them.

A body is believed only where its hash is that of the one that was sent: then it is the same to the last byte.
"""

from __future__ import annotations

import hashlib
import zlib
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from etl.errors import EtlError
from etl.stages.outgoing import Packing
from etl.stages.prepare import inputs, load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from etl.ledger.handover import BareRow
    from etl.ledger.runs import RunRecord
    from etl.ledger.store import Ledger
    from etl.records import Activity


def rebuild_bodies(run: RunRecord, sheet: Path, mapping: Path, hashes: Mapping[int, str], ledger: Ledger) -> int:
    """Write the bodies of a run's requests that can be made again. hashes: SHA-256 of each, by its number here.

    Returns: how many were made. What cannot be read or mapped any more, or maps to something else, stays without.
    """
    wanted = {number: rows for number, rows in ledger.handovers.bare_requests(run.run_id).items() if number in hashes}
    if not wanted:
        return 0
    made: dict[int, bytes] = {}
    with suppress(EtlError):
        loaded = replace(load(mapping, ledger), hash=run.mapping_hash).as_judged_before()
        prepared = next(one for one in inputs([sheet], loaded, ledger) if one.sheet == run.sheet)
        rows = {row.row_number: row for each in wanted.values() for row in each}
        packing = Packing(prepared.mapping)
        activities: dict[int, Activity] = {}
        for block in prepared.applied():
            for one in block:
                row: BareRow | None = rows.get(one.row_number)
                if row is not None and one.values is not None:
                    activities[one.row_number] = packing.activity(one, row.memory_key, row.ordinal)
        for number, each in wanted.items():
            if all(row.row_number in activities for row in each):
                body = packing.body([activities[row.row_number] for row in each])
                if hashlib.sha256(body).hexdigest() == hashes[number]:
                    made[number] = zlib.compress(body, 6)
    ledger.handovers.note_bodies(made)
    return len(made)
