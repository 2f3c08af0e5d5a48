"""What a whole mapping must mean beyond its shape: settings, headers and targets that fit each other."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from etl.findings import MissingKey, OptionUnused, TargetMissing, TargetTwice, WrongValue, shown
from etl.mapping.headers import nearest, same_form
from etl.mapping.lead_checks import faults_of_leads
from etl.mapping.model import Mapping, OnChange, type_of
from etl.mapping.operation_needs import NEEDS, OperationName
from etl.mapping.reading import zone_of
from etl.mapping.target_checks import faults_of_target
from etl.mapping.target_rules import ListedColumn, ValueRule
from etl.mapping.targets import CUSTOM_FIELD, FieldType, nearest_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.mapping.target_checks import Fault, Path


def faults(mapping: Mapping) -> Iterator[Fault]:
    """Everything that is wrong with a mapping of the right shape."""
    yield from _of_operation(mapping)
    yield from _of_time_zone(mapping)
    yield from _of_row_memory(mapping)
    yield from faults_of_leads(mapping)
    yield from _of_headers(mapping)
    yield from _of_targets_together(mapping)
    for mapped in mapping.targets():
        for path, problem in faults_of_target(mapping, mapped):
            yield (*mapped.path, *path), problem


def _of_operation(mapping: Mapping) -> Iterator[Fault]:
    needs = NEEDS[mapping.operation]
    if needs.search_by and mapping.search_by is None:
        yield (), MissingKey("search_by", f"{mapping.operation} finds the lead by a field, like EmailAddress")
    if not needs.search_by and mapping.search_by is not None:
        yield ("search_by",), OptionUnused("search_by", f"operation {mapping.operation}")
    if mapping.skip_dropdown_validation and not needs.skips_dropdowns:
        yield ("skip_dropdown_validation",), OptionUnused("skip_dropdown_validation", f"operation {mapping.operation}")
    if needs.changes:
        yield from _of_changes(mapping)
    if needs.event and mapping.activity is None:
        yield (), MissingKey("activity", f"{mapping.operation} needs the number of the activity type")
    yield from _of_other_values(mapping)


def _of_other_values(mapping: Mapping) -> Iterator[Fault]:
    """What shall happen to rows that are known and have other values now."""
    setting = f"on_change: {mapping.on_change}"
    if mapping.on_change is OnChange.REPORT:
        return
    if NEEDS[mapping.operation].changes:
        yield ("on_change",), OptionUnused(setting, f"operation {mapping.operation}")
    elif not mapping.unique_by:
        yield ("on_change",), MissingKey("unique_by", f"{setting} is about rows that are known by a name of their own")
    elif mapping.on_change is OnChange.UPDATE:
        update = NEEDS[OperationName.UPDATE]
        targets = [mapped.target for mapped in mapping.targets()]
        if targets and not any(update.sends(target) for target in targets):
            expected = "a target that an update can carry as well, like ActivityNote or mx_Custom_1"
            yield ("columns",), WrongValue(f"only {', '.join(targets)} with {setting}", expected)


def _of_changes(mapping: Mapping) -> Iterator[Fault]:
    """Rows that change activities are known by the activity and what they send: no other memory fits them."""
    for key in ("unique_by", "row_key_field"):  # a row key would take the place of the one that the activity came with
        if getattr(mapping, key):
            yield (key,), OptionUnused(key, f"operation {mapping.operation}")
    targets = {mapped.target for mapped in mapping.targets()}
    if targets and targets <= set(mapping.required()):
        expected = "something to change as well, like ActivityNote or mx_Custom_1"
        yield ("columns",), WrongValue(f"only {', '.join(targets)}", expected)


def _of_time_zone(mapping: Mapping) -> Iterator[Fault]:
    name = mapping.input.time_zone
    if name is not None and zone_of(mapping) is None:
        close = nearest(name, sorted(available_timezones()))
        yield ("input", "time_zone"), WrongValue(shown(name), "a time zone like Asia/Kolkata", close)
    if name is None:
        with_time = [one for one in mapping.targets() if type_of(mapping, one.target, one.rule) is FieldType.DATETIME]
        if with_time:
            reason = f"{with_time[0].target} is a date-time, and its zone cannot be guessed"
            yield ("input",), MissingKey("time_zone", reason)


def _of_row_memory(mapping: Mapping) -> Iterator[Fault]:
    field = mapping.row_key_field
    if field is None:
        return
    if not CUSTOM_FIELD.fullmatch(field):
        close = nearest_target(field)
        yield ("row_key_field",), WrongValue(shown(field), "a spare custom field like mx_Custom_20", close)
    filling = next((mapped for mapped in mapping.targets() if mapped.target == field), None)
    if filling is not None:
        yield ("row_key_field",), TargetTwice(field, filling.filled_by)


def _of_headers(mapping: Mapping) -> Iterator[Fault]:
    """A header or alias that names two columns of the mapping, once white space is not counted."""
    owners: dict[str, Path] = {}
    for mapped in mapping.targets():
        if mapped.header is None or isinstance(mapped.rule, ValueRule):
            continue
        owner: Path = (
            ("columns", same_form(mapped.header)) if isinstance(mapped.rule, ListedColumn) else mapped.path[:2]
        )
        for name in (mapped.header, *mapped.rule.aliases):
            if owners.setdefault(same_form(name), owner) != owner:
                yield mapped.path, WrongValue(f"{shown(name)} as a second column or alias", "each name once")


def _of_targets_together(mapping: Mapping) -> Iterator[Fault]:
    first: dict[str, str] = {}
    for mapped in mapping.targets():
        if mapped.target in first:
            yield (*mapped.path, "to"), TargetTwice(mapped.target, first[mapped.target])
        first.setdefault(mapped.target, mapped.filled_by)
    yield from _of_field_sets(mapping, first)
    for target in mapping.required():
        if target not in first:
            yield ("columns",), TargetMissing(target, mapping.operation)


def _of_field_sets(mapping: Mapping, filled: dict[str, str]) -> Iterator[Fault]:
    """A custom field set whose members are filled cannot have a value of its own beside them."""
    for mapped in mapping.targets():
        owner, dot, _ = mapped.target.rpartition(".")
        if dot and owner in filled:
            yield (*mapped.path, "to"), TargetTwice(owner, filled[owner])
