"""What is wrong with the `Fields` of one activity: names, lengths, options of dropdowns, mandatory ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from etl.simulator.account import Account
from etl.simulator.bulk import RowProblem
from etl.simulator.metadata import LONGEST_FIELD, MOST_CUSTOM_FIELDS, NOTE_FIELD, SYSTEM_FIELDS, ActivityField
from etl.simulator.switches import DropdownCase, MandatoryFields

_CUSTOM_FIELD = re.compile(r"mx_Custom_([1-9][0-9]*)")


def fields_problem(account: Account, event: int, row: Mapping[str, Any]) -> RowProblem | None:
    """The first thing wrong with a row's fields. `ValidateDropDownOptions: true` skips the options, against its name."""
    fields = row.get("Fields")
    if fields is None:
        return None
    if not isinstance(fields, list):
        return invalid_field("'Fields' is expected as an array.")
    known = known_fields(account, event)
    for entry in fields:
        problem = _form_problem(entry, known)
        if problem is None and row.get("ValidateDropDownOptions") is not True:
            problem = _option_problem(entry, known or {}, account.switches.dropdown_case)
        if problem is not None:
            return problem
    return None


def missing_field(account: Account, event: int, row: Mapping[str, Any]) -> RowProblem | None:
    """A mandatory field of the type for which a new activity has no value."""
    if account.switches.mandatory_fields is MandatoryFields.STORED:
        return None
    given = {entry["SchemaName"] for entry in row.get("Fields") or [] if entry["Value"] or entry.get("Fields")}
    given |= {NOTE_FIELD} if row.get("ActivityNote") else set()
    given |= {"Owner"} if row.get("ActivityOwnerEmail") else set()
    for field in (known_fields(account, event) or {}).values():
        if field.is_mandatory and field.schema_name not in given:
            return invalid_field(f"Field name : '{field.schema_name}' of datatype : '{field.data_type}' is mandatory.")
    return None


def known_fields(account: Account, event: int) -> dict[str, ActivityField] | None:
    """The fields laid down for a type, by name; None: all there can be."""
    laid_down = account.options.activity_fields.get(event)
    return None if laid_down is None else {field.schema_name: field for field in laid_down}


def invalid_field(message: str) -> RowProblem:
    return RowProblem("MXInvalidActivityFieldsException", message)


def _form_problem(entry: Any, known: Mapping[str, ActivityField] | None) -> RowProblem | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("SchemaName"), str):
        return invalid_field("Each entry of 'Fields' is expected as an object with a SchemaName.")
    name, value = entry["SchemaName"], entry.get("Value")
    if not _is_field_name(name, known):
        return invalid_field(f"Field name : '{name}' does not exist.")
    if not isinstance(value, str):
        return invalid_field(f"Field name : '{name}' expects its Value as a string.")
    longest = known[name].max_length if known and name in known else LONGEST_FIELD
    if len(value) > longest:
        return invalid_field(f"Field name : '{name}' has {len(value)} characters, more than {longest}.")
    return None


def _is_field_name(name: str, known: Mapping[str, ActivityField] | None) -> bool:
    """Status and Owner are fields like others. Of a type about which nothing is laid down: custom fields up to 50, any set."""
    if name in SYSTEM_FIELDS and name != NOTE_FIELD:
        return True
    if known is not None:
        return any(path == name or path.startswith(f"{name}~") for path in known)
    custom = _CUSTOM_FIELD.fullmatch(name)
    if custom is not None:
        return int(custom[1]) <= MOST_CUSTOM_FIELDS
    return name.startswith("mx_") and not name.startswith("mx_Custom_")


def _option_problem(
    entry: Mapping[str, Any], known: Mapping[str, ActivityField], case: DropdownCase
) -> RowProblem | None:
    """A value that is no option of its dropdown, also within a custom field set. Several values are not looked into."""
    values = {entry["SchemaName"]: entry["Value"]}
    for item in entry.get("Fields") or []:
        if isinstance(item, dict):
            member = item.get("SchemaName") or item.get("Attribute")
            values[f"{entry['SchemaName']}~{member}"] = str(item.get("Value") or "")
    for path, value in values.items():
        field = known.get(path)
        if field is None or not field.options or field.is_multi_select or not value:
            continue
        if not _is_option(value, field.options, case):
            return invalid_field(f"Field name : '{path}' of datatype : '{field.data_type}' has no option '{value}'.")
    return None


def _is_option(value: str, options: tuple[str, ...], case: DropdownCase) -> bool:
    if case is DropdownCase.EXACT:
        return value in options
    return value.casefold() in {option.casefold() for option in options}
