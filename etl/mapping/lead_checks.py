"""What `leads` of a mapping must mean: the operation it fits, its columns, and the lead field that each of them holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.findings import MissingKey, OptionUnused, TargetTwice, WrongValue, shown
from etl.mapping.convert.phones import countries
from etl.mapping.headers import nearest, same_form
from etl.mapping.lead_columns import lead_columns
from etl.mapping.operation_needs import FOUND_LEAD, NEEDS
from etl.mapping.targets import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.mapping.lead_columns import LeadColumn
    from etl.mapping.lead_rules import FindBy
    from etl.mapping.model import Mapping
    from etl.mapping.target_checks import Fault


def faults_of_leads(mapping: Mapping) -> Iterator[Fault]:
    """Everything that is wrong with `leads`."""
    if mapping.leads is None:
        return
    if FOUND_LEAD not in NEEDS[mapping.operation].required:
        yield ("leads",), OptionUnused("leads", f"operation {mapping.operation}; it is for add-by-lead-id")
        return
    for mapped in mapping.targets():
        if mapped.target == FOUND_LEAD:
            yield (*mapped.path, "to"), TargetTwice(FOUND_LEAD, "leads, which finds it")
    seen: set[str] = set()
    for index, (entry, column) in enumerate(zip(mapping.leads.entries(), lead_columns(mapping), strict=True)):
        for key, problem in _of_entry(entry, column):
            yield ("leads", "find_by", index, *key), problem
        if same_form(entry.column) in seen:
            yield ("leads", "find_by", index), WrongValue(f"{shown(entry.column)} twice", "each column once")
        seen.add(same_form(entry.column))


def _of_entry(entry: FindBy, column: LeadColumn | None) -> Iterator[Fault]:
    if column is None:
        reason = (
            f"nothing tells which lead field {shown(entry.column)} holds, like EmailAddress, Phone or mx_Customer_Code"
        )
        yield (), MissingKey("field", reason)
        return
    if entry.region is None:
        return
    if column.type is not FieldType.PHONE:
        yield ("region",), OptionUnused("region", f"the lead field {column.lead_field}")
    elif entry.region not in countries():
        close = nearest(entry.region, sorted(countries()))
        yield ("region",), WrongValue(shown(entry.region), "a country in two capital letters, like IN", close)
