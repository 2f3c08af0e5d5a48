"""The page of one run, from the ledger alone: no account, no network. Nothing is printed; errors are `etl.errors.EtlError`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl.care import known_run, opened
from etl.clock import Clock, SystemClock
from etl.errors import EtlError
from etl.mapping.load import load_mapping
from etl.operations import OPERATIONS
from etl.places import place_of
from etl.reader import open_input
from etl.reconciler.lines import RunWords, result_line
from etl.reconciler.put_in_place import put_in_place
from etl.reconciler.report.causes import told
from etl.reconciler.report.facts import KeptFile, Pace, RunPage
from etl.reconciler.report.masking import masked
from etl.reconciler.report.page import GENERATOR, page
from etl.reconciler.report.stretches import stretches
from etl.reconciler.story import Told, story
from etl.stages.past_runs import past_run
from etl.stages.rewrite import copies_of, kept_source
from etl.stages.run_facts import by_whom, causes_of
from etl.traffic import limits_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from etl.ledger.listing import ListedRun, SentAt
    from etl.ledger.runs import RunRecord
    from etl.ledger.store import Ledger
    from etl.reconciler.report.causes import Group
    from etl.reconciler.report.facts import Cause
    from etl.records import ResultLine
    from etl.settings import Account, Settings

MOST_CAUSES = 20
MOST_STRETCHES = 6
_HEAD_BYTES = 2048


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a report is to be. out: the file. as_typed: a command's words behind `etl`, as a person pastes them."""

    out: Path
    show_values: bool
    as_typed: Callable[[Sequence[str]], str]


def write_report(
    settings: Settings, run_id: int, wanted: Wanted, accounts: Iterable[Account] = (), clock: Clock | None = None
) -> Path:
    """Write the page of a run. accounts: as they are set up now, for their limits.

    Raises: UsageError — no such run, or the file cannot be written. LedgerError — the ledger cannot be used.
    """
    now = clock or SystemClock()
    with opened(settings, now) as ledger:
        listed = known_run(run_id, ledger)
        while listed.revises is not None:  # its rows are lines of that other run, whose page tells of both
            listed = known_run(listed.revises, ledger)
        facts = _facts(listed, ledger, wanted, accounts, now.now().timestamp())
    text = page(facts)
    return put_in_place(wanted.out, lambda draft: _write(draft, text), _is_report)


def _write(draft: Path, text: str) -> None:
    draft.write_text(text, encoding="utf-8", newline="\n")


def _is_report(path: Path) -> bool:
    """Whether the file there is a page of ours, which a newer one may replace."""
    with path.open("rb") as stream:
        return GENERATOR.encode() in stream.read(_HEAD_BYTES)


def _facts(listed: ListedRun, ledger: Ledger, wanted: Wanted, accounts: Iterable[Account], made: float) -> RunPage:
    run = ledger.runs.get(listed.run_id)
    assert run is not None  # noqa: S101 — it is listed, and runs are never deleted
    past = past_run(listed, ledger)
    family = [run.run_id, *(one.run_id for one in ledger.revisions.revised_by(run.run_id))]
    steps = ledger.steps.of(family)
    beside = ledger.listing.sent_beside(run.run_id)
    sent = [one for one in beside if one.is_ours]
    words = words_of_mapping(run, ledger)
    keep = None if wanted.show_values else words.words
    causes, left_out = told_causes(run, ledger, keep)
    next_command = past.next_command
    return RunPage(
        run=run.run_id,
        state=past.state.value,
        stop_reason=_plain(listed.stop_reason, keep),
        began=listed.started_at,
        ended=listed.ended_at,
        made=made,
        by=by_whom(steps),
        accounts=listed.accounts,
        organisation=listed.organisation,
        input=KeptFile(Path(listed.input_path).name, listed.input_path, listed.input_hash),
        sheet=listed.sheet,
        mapping=KeptFile(Path(listed.mapping_path).name, listed.mapping_path, listed.mapping_hash),
        mapping_name=listed.mapping_name,
        operation=listed.operation,
        event=listed.event,
        etl_version=listed.etl_version,
        ledger=ledger.shown,
        data_rows=listed.data_rows,
        counts=listed.counts,
        causes=causes,
        causes_left_out=left_out,
        pace=_pace(listed, sent, ledger, accounts),
        story=tuple(
            Told(one.at, _plain(one.what, keep) or "", one.by) if one.what.startswith("Stopped") else one
            for one in story(listed, steps, sent, ledger.listing.decisions(run.run_id))
        ),
        next_purpose=next_command.purpose if next_command else None,
        next_command=wanted.as_typed(next_command.words) if next_command else None,
        results=listed.results_path,
        failed=listed.failed_path,
        zone=words.zone,
        is_masked=not wanted.show_values,
    )


def told_causes(run: RunRecord, ledger: Ledger, keep: frozenset[str] | None) -> tuple[tuple[Cause, ...], int]:
    """Why rows of a run are not in LeadSquared, with examples, and how many causes are left out.

    keep: words that masking leaves alone; None where values are to be shown.
    """
    groups, left_out = causes_of(run.run_id, ledger, MOST_CAUSES)
    return told(groups, _example_lines(groups, run, ledger), keep), left_out


def _plain(text: str | None, keep: frozenset[str] | None) -> str | None:
    return text if text is None or keep is None else masked(text, keep)


@dataclass(frozen=True, slots=True)
class MappingWords:
    """What a mapping says. zone: of its date-times."""

    words: frozenset[str]
    zone: str | None


def words_of_mapping(run: RunRecord, ledger: Ledger) -> MappingWords:
    """What the mapping itself says, headers of the sheet included: the same for every row, so about nobody."""
    kept = ledger.copies.path(copies_of(run)[1])
    with suppress(EtlError, OSError):
        mapping = load_mapping(kept, place_of(run.mapping_path))
        found = frozenset(_texts(mapping.model_dump(mode="json")))
        return MappingWords(found, mapping.input.time_zone)
    return MappingWords(frozenset(), None)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _example_lines(groups: Sequence[Group], run: RunRecord, ledger: Ledger) -> dict[int, ResultLine]:
    """The example rows as their results tell them, with their cells; none where the kept copy is gone.

    Without the cells it cannot be told what of a text is a value, so there is no example at all then.
    """
    numbers = sorted({number for group in groups for number in group.first_rows})
    rows = {line.row_number: line for line in ledger.runs.some_lines(run.run_id, numbers)}
    words = RunWords(run.run_id, run.run_id, run.stop_reason)
    found: dict[int, ResultLine] = {}
    with suppress(EtlError, OSError):
        source = kept_source(run, ledger)
        with open_input(source.copy, source.rules, source.path) as input_:
            for block in input_.blocks():
                for number, cells in zip(block.numbers, block.frame.itertuples(index=False, name=None), strict=True):
                    if number in rows:
                        found[number] = result_line(rows[number], cells, words)
                if not numbers or (block.numbers and block.numbers[-1] >= numbers[-1]):
                    break
    return found


def _pace(listed: ListedRun, sent: Sequence[SentAt], ledger: Ledger, accounts: Iterable[Account]) -> Pace | None:
    carrying = [one for one in sent if one.rows]
    if not carrying:
        return None
    _, kept = limits_kept(listed, carrying, ledger, accounts)
    limit, limit_from = kept[-1].limit, kept[-1].source
    operation = OPERATIONS.get(listed.operation)
    each = operation.rows_per_request if operation else max(one.rows for one in carrying)
    found = stretches(carrying, limit.seconds)
    longest = sorted(sorted(found, key=lambda one: -one.rows)[:MOST_STRETCHES], key=lambda one: one.began)
    refused = sum(one.is_refused for one in carrying)
    return Pace(tuple(longest), limit, limit_from, each, len(carrying), refused, len(found) - len(longest))
