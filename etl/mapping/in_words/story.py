"""A whole mapping as sections of plain sentences, in the order in which a person asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.findings import listed, shown
from etl.mapping.in_words.cells import cells_in_words, source_in_words
from etl.mapping.lead_columns import lead_columns
from etl.mapping.lead_rules import MissingLead
from etl.mapping.model import OnChange, OnHidden, OnMerged, type_of
from etl.mapping.operation_needs import OperationName

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.mapping.model import Mapping


@dataclass(frozen=True, slots=True)
class Section:
    """Some sentences under one title."""

    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TargetStory:
    """One target: what fills it, what its cells are, and what becomes of them. shown: the account's name of it, if known."""

    source: str
    target: str
    type: str
    sentences: tuple[str, ...]


def targets_told(mapping: Mapping) -> tuple[TargetStory, ...]:
    """Every target in the order of the mapping."""
    return tuple(
        TargetStory(
            source_in_words(mapped),
            mapped.target,
            type_of(mapping, mapped.target, mapped.rule).value,
            cells_in_words(mapping, mapped),
        )
        for mapped in mapping.targets()
    )


def sections_before(mapping: Mapping) -> tuple[Section, ...]:
    """What the mapping does, and which rows it reads."""
    return (
        Section("What it does", tuple(_does(mapping))),
        Section("Which rows are read", tuple(_reads(mapping))),
    )


def sections_behind(mapping: Mapping, unused: Sequence[str]) -> tuple[Section, ...]:
    """How rows are known again and what is ignored. unused: columns of a file that nothing in the mapping names."""
    return (
        Section("How a row is known again", tuple(_knows(mapping))),
        Section("What is left out", tuple(_leaves_out(mapping, unused))),
    )


def _does(mapping: Mapping) -> Iterator[str]:
    activity = _activity(mapping)
    where = f"in the account {mapping.account}" if mapping.account else "in the account that the command names"
    match mapping.operation:
        case OperationName.UPDATE:
            yield f"Each row changes {f'a {activity}' if activity else 'an activity'} that is there {where}; nothing new is made."
            yield f"The activity is the one whose id stands in {_filling(mapping, 'ProspectActivityId')}."
            yield "Only what a row names is changed; all else stays as it is."
        case OperationName.ADD_BY_OPPORTUNITY:
            yield f"Each row becomes a new {activity} of an opportunity {where}."
            yield f"The opportunity is the one whose id stands in {_filling(mapping, 'OpportunityId')}."
        case OperationName.CREATE_LEAD_AND_ACTIVITY:
            yield f"Each row becomes a new {activity} {where}, together with its lead."
            yield (
                f"The lead is found by {mapping.search_by}, from {_filling(mapping, f'Lead.{mapping.search_by}')}. Where there "
                "is none, a lead is made; where there is one, its values are overwritten by those of the row."
            )
        case OperationName.ADD_BY_LEAD_FIELD:
            yield f"Each row becomes a new {activity} of a lead {where}."
            yield f"The lead is the one whose {mapping.search_by} is what {_filling(mapping, 'SearchByValue')} holds."
            yield "A row whose lead LeadSquared does not have is refused; no lead is made."
        case OperationName.ADD_BY_LEAD_ID:
            yield f"Each row becomes a new {activity} of a lead {where}."
            yield from _finds(mapping)
    if mapping.skip_dropdown_validation:
        yield "LeadSquared is asked to take values that its dropdowns do not have."


def _finds(mapping: Mapping) -> Iterator[str]:
    if mapping.leads is None:
        yield f"The lead is the one whose id stands in {_filling(mapping, 'RelatedProspectId')}."
        return
    by = [f"{column.header} (its {column.lead_field})" for column in lead_columns(mapping) if column is not None]
    yield f"The lead is looked up before anything is sent, by {' and by '.join(by)}, in this order."
    missing = {
        MissingLead.REPORT: "is not sent, and the lead is listed in a file for LeadSquared's own import",
        MissingLead.HOLD: "waits until the lead is there",
        MissingLead.CREATE: "waits until you have imported the file of new leads",
    }[mapping.leads.missing]
    yield f"A row whose lead LeadSquared does not have {missing}. A row that fits several leads is not sent."


def _reads(mapping: Mapping) -> Iterator[str]:
    said = mapping.input
    if said.sheet == ("all",):
        yield "Every visible sheet, each as an import of its own."
    elif said.sheet:
        yield f"The sheet{'s' if len(said.sheet) > 1 else ''} {listed([shown(one) for one in said.sheet])}."
    else:
        yield "The only visible sheet."
    if said.header_row == "auto":
        yield "The headers are looked for among the first rows."
    elif isinstance(said.header_row, tuple):
        yield f"The headers stand in the rows {said.header_row[0]} and {said.header_row[1]}, put together."
    else:
        yield f"The headers stand in row {said.header_row}; every row below is read, blank ones are passed over."
    if said.stop_at:
        yield f"The table ends at the row whose first cell says {shown(said.stop_at)}."
    for header, words in said.only.items():
        yield f"Only rows whose {header} is {' or '.join(shown(word) for word in words)}; the others are counted as ignored."
    empties = [shown(word) for word in said.empty_values if word.strip()]
    if empties:
        yield f"{listed(empties)} {'count' if len(empties) > 1 else 'counts'} as empty, like a blank cell."
    if said.time_zone:
        yield f"Times are those of the clock in {said.time_zone}; LeadSquared gets them in UTC."
    hidden = {OnHidden.INCLUDE: "are read as well", OnHidden.SKIP: "are left out", OnHidden.ERROR: "are not sent"}
    if said.hidden:
        yield f"Rows that the sheet hides {hidden[said.hidden]}."
    if said.merged:
        merged = (
            "all hold what the first one shows" if said.merged is OnMerged.FILL else "are empty but for the first one"
        )
        yield f"Merged cells {merged}."


def _knows(mapping: Mapping) -> Iterator[str]:
    if mapping.operation is OperationName.UPDATE:
        yield "By its activity and the values it sends: the same line again sends nothing."
        return
    if mapping.unique_by:
        names = " and ".join(mapping.unique_by)
        yield f"The same {names} is the same row, in this file and in every later one: it is sent once."
        yield "A row without it is not sent."
        yield {
            OnChange.REPORT: "Where such a row comes again with other values, it is told as changed, and nothing is sent.",
            OnChange.UPDATE: "Where such a row comes again with other values, its activity is updated.",
            OnChange.SEND_NEW: "Where such a row comes again with other values, it is sent as one more activity.",
        }[mapping.on_change]
    else:
        yield "By everything that it sends: of equal rows as many go out as LeadSquared does not have yet."
        yield "So a row that was corrected after it was sent is a new one."
    yield f"Its memory goes by the name of this mapping, {shown(mapping.name)}: keep it."
    if mapping.row_key_field:
        yield f"Each activity carries a key of its row in {mapping.row_key_field}, by which lost answers are settled."
    else:
        yield "No field carries a key of the row: rows whose answer was lost are looked for by lead, time and values."


def _leaves_out(mapping: Mapping, unused: Sequence[str]) -> Iterator[str]:
    yield "A cell that does not fit is never guessed at: its row is not sent, and stands in the failed file with the reason."
    if mapping.translate:
        yield f"Values that fit no option are looked up in {mapping.translate} first."
    if unused:
        yield f"These columns go nowhere: {listed(list(unused), 30)}."


def _activity(mapping: Mapping) -> str:
    if mapping.activity is None:
        return ""
    name = f"“{mapping.activity.name}” " if mapping.activity.name else ""
    return f"{name}activity (type {mapping.activity.event})"


def _filling(mapping: Mapping, target: str) -> str:
    found = next((mapped for mapped in mapping.targets() if mapped.target == target), None)
    return source_in_words(found) if found else "no column"
