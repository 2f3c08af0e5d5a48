"""Which inputs of a command must go one after another, because they have rows in common, or a file.

Side by side, the second of two inputs with the same row would find it in the air, and report it as unconfirmed; which of two
versions of a row goes out first would be chance, and so which of two updates of one activity counts in the end. One after
another they end as they would have ended in two commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from etl.stages.prepare import PreparedInput
    from etl.stages.rooms import Rooms

_MARK_BYTES = 8
"""So much of a fingerprint tells rows apart well enough: inputs taken for related by chance only wait for each other."""


def by_file(inputs: Iterable[PreparedInput]) -> list[list[PreparedInput]]:
    """The inputs of one file together: they share its results."""
    files: dict[Hashable, list[PreparedInput]] = {}
    for one in inputs:
        files.setdefault(one.path.absolute(), []).append(one)
    return list(files.values())


def in_chains(
    groups: Sequence[Sequence[PreparedInput]], rooms: Rooms, accounts: Mapping[int, Hashable]
) -> list[list[PreparedInput]]:
    """The groups put together whose inputs must wait for each other, in their order.

    accounts: where each input goes, by its number; a mapping need not name it.
    """
    leaders = list(range(len(groups)))

    def leader(group: int) -> int:
        while leaders[group] != group:
            group = leaders[group]
        return group

    for related in _related(groups, rooms, accounts):
        first, *others = sorted({leader(group) for group in related})
        for other in others:
            leaders[other] = first
    chains: dict[int, list[PreparedInput]] = {}
    for number, group in enumerate(groups):
        chains.setdefault(leader(number), []).extend(group)
    return list(chains.values())


def _related(
    groups: Sequence[Sequence[PreparedInput]], rooms: Rooms, accounts: Mapping[int, Hashable]
) -> Iterable[Iterable[int]]:
    """Groups by their numbers that have something in common: bytes, lines of our own files, or rows."""
    same: dict[Hashable, list[int]] = {}
    marks: dict[Hashable, dict[int, list[bytes]]] = {}
    for number, group in enumerate(groups):
        for one in group:
            mapping, plan = one.mapping, rooms.of(one).plan
            account = accounts[one.number]
            scope = (account, mapping.mapping.name, mapping.event)
            same.setdefault((one.hash, one.sheet), []).append(number)
            if one.table.is_ours:
                same.setdefault(scope, []).append(number)
            marks.setdefault(scope, {}).setdefault(number, []).append(plan.marks(one.number, _MARK_BYTES))
            if mapping.operation.keeps_order:  # whichever mapping has sent it, an activity or lead is waited for
                by_address = marks.setdefault((account, "addresses"), {}).setdefault(number, [])
                by_address.append(plan.marks(one.number, _MARK_BYTES, of_addresses=True))
    for of_ours in same.keys() & marks.keys():
        same[of_ours] = list(marks[of_ours])  # a line of our own file may be a row of any input
    yield from same.values()
    for of_groups in marks.values():
        yield from _with_common_marks({number: b"".join(pieces) for number, pieces in of_groups.items()})


def _with_common_marks(marks: dict[int, bytes]) -> Iterable[Iterable[int]]:
    """Pairs of groups that have a mark in common; each group in at least one pair with each set that it belongs to."""
    if len(marks) < 2:
        return
    import numpy as np  # noqa: PLC0415 — only commands with several files need it

    values = np.concatenate([np.frombuffer(piece, dtype=np.uint64) for piece in marks.values()])
    owners = np.repeat(list(marks), [len(piece) // _MARK_BYTES for piece in marks.values()])
    order = np.argsort(values, kind="stable")
    values, owners = values[order], owners[order]
    is_shared = (values[1:] == values[:-1]) & (owners[1:] != owners[:-1])
    pairs = np.unique(np.stack([owners[:-1][is_shared], owners[1:][is_shared]], axis=1), axis=0)
    yield from pairs.tolist()
