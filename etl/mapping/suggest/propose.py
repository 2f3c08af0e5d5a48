"""The whole proposal: from a sample, what is known of an account and what a person has said, to a mapping with its evidence.

Pure: it is asked again with each answer, until no question is left.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from etl.findings import shown
from etl.mapping.operation_needs import NEEDS, OperationName
from etl.mapping.suggest import ask
from etl.mapping.suggest.fits import EMPTY_WORDS, empties_of, filled_cells
from etl.mapping.suggest.kinds import as_moment, guess
from etl.mapping.suggest.known_again import row_key_field, unique_by
from etl.mapping.suggest.match import Match, by_initials, matches
from etl.mapping.suggest.moments import swapped
from etl.mapping.suggest.names import slug
from etl.mapping.suggest.proposal import Line, Proposal, ProposedColumn
from etl.mapping.suggest.roles import roles_of
from etl.mapping.targets import FIXED_TYPES, FieldType
from etl.records import OWN_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etl.mapping.suggest.kinds import Guess
    from etl.mapping.suggest.proposal import Question
    from etl.mapping.suggest.roles import Roles
    from etl.mapping.suggest.sample import AccountView, Sample, SampleColumn, Wishes

    Judged = tuple[SampleColumn, Guess]

NO_EVENT = 999_999_999
"""Stands for the activity type until a person fills it in: no account has one of this number, so nothing can be sent to it."""

_PLACEHOLDER = "mx_Custom_?"
_FILL_IN = "?"
"""Stands for the option that a person has to choose; only in comments."""
_FIELD_LENGTH, _NOTE_LENGTH = 200, 2000


def propose(sample: Sample, account: AccountView | None, wishes: Wishes) -> Proposal:
    """The mapping as far as it can be told. questions: what only a person knows; answers are looked for in `wishes`."""
    empty_words = _empty_words(sample)
    empties = empties_of(empty_words)
    region = wishes.region or (account.country if account else None) or ask.country_of(wishes)
    usable, odd = _usable(sample.columns)
    judged = [(column, guess(column, sample.numbers, empties, region)) for column in usable]
    roles = roles_of(judged, len(sample.numbers), ask.lead_column(wishes, judged))
    questions: list[Question] = []
    if not roles.is_lead_known:
        questions.append(ask.which_lead(judged, account))
    found = _matched(judged, roles, account)
    columns = []
    for column, told in judged:
        letter = column.column.letter
        one = _column(column, told, roles, found.get(letter), account, sample, empties)
        one, more = _settled(
            one, wishes, is_addressed=letter in roles.find_by + roles.joined, is_matched=letter in found
        )
        columns.append(one)
        questions += more
    columns += [
        ProposedColumn(column.column, guess(column, sample.numbers, empties, region), why=(why,)) for column, why in odd
    ]
    columns.sort(key=lambda one: one.column.position)
    active = tuple(one for one in columns if one.is_active)
    joined = _joined(columns, roles)
    zone, zone_questions = _zone(active, joined, account, wishes)
    event, event_name, event_questions = _event(roles.operation, account, wishes)
    again, key_field, kept_questions = _row_memory(sample, judged, roles, account, active, wishes)
    shape_questions = ask.about_shape(sample, wishes)
    all_questions = [*questions, *zone_questions, *event_questions, *kept_questions, *shape_questions]
    return Proposal(
        sample=sample,
        name=wishes.name or slug(sample.file),
        operation=roles.operation,
        operation_why=roles.why,
        columns=tuple(columns),
        questions=tuple(one for one in all_questions if one.key not in wishes.answers),
        search_by=roles.search_by,
        find_by=tuple(_find_by(letter, judged) for letter in roles.find_by),
        event=event,
        event_name=event_name,
        time_zone=zone,
        empty_values=empty_words,
        hidden=ask.hidden(sample, wishes),
        merged=ask.merged(sample, wishes),
        joined=joined,
        unique_by=again,
        row_key_field=key_field,
        missing=_missing(account, active, roles.operation, key_field),
        account=account.name if account else None,
    )


def _empty_words(sample: Sample) -> tuple[str, ...]:
    """What stands for nothing in this sheet, besides nothing."""
    texts = {cell.strip() for column in sample.columns for cell in column.cells if type(cell) is str}
    return tuple(word for word in EMPTY_WORDS if word in texts)


def _usable(columns: Sequence[SampleColumn]) -> tuple[list[SampleColumn], list[tuple[SampleColumn, str]]]:
    """Columns that a name alone tells; and the others, with why not. Our own outcome columns are nobody's."""
    headers = [column.header for column in columns]
    usable, odd = [], []
    for column in columns:
        letter = column.column.letter
        if column.header in OWN_COLUMNS and column.header != "ProspectActivityId":
            continue
        if not column.header:
            if any(cell not in (None, "") for cell in column.cells):
                odd.append(
                    (
                        column,
                        f"column {letter} has no header: give it one, or name it by {{letter: {letter}, to: …}} in a list",
                    )
                )
        elif headers.count(column.header) > 1:
            odd.append(
                (
                    column,
                    f"there are {headers.count(column.header)} columns of this name (this one is {letter}): rename them",
                )
            )
        else:
            usable.append(column)
    return usable, odd


def _matched(judged: Sequence[Judged], roles: Roles, account: AccountView | None) -> dict[str, Match]:
    if account is None:
        return {}
    sends = NEEDS[roles.operation].sends
    free = [
        (column, told)
        for column, told in judged
        if column.column.letter not in {*roles.targets, *roles.joined} and told.fit.filled
    ]
    taken = set(roles.targets.values())
    return matches(
        free, [one for one in account.fields if sends(one.target) and one.target not in taken and one.target != "Owner"]
    )


def _column(
    column: SampleColumn,
    told: Guess,
    roles: Roles,
    match: Match | None,
    account: AccountView | None,
    sample: Sample,
    empties: frozenset[str],
) -> ProposedColumn:
    """One column with its target, where there is one."""
    letter = column.column.letter
    if letter in roles.targets:
        target = roles.targets[letter]
        fixed = FIXED_TYPES.get(target)
        if fixed is FieldType.DATETIME and told.kind is not FieldType.DATETIME:
            told = as_moment(told, fixed, *filled_cells(column, sample.numbers, empties))
        settings = {key: value for key, value in told.settings.items() if key == "format"}
        reason = roles.reasons.get(letter)
        return ProposedColumn(column.column, told, target, True, settings, tuple(filter(None, (told.evidence, reason))))
    if match is not None:
        settings = _settings_for(told, match)
        return ProposedColumn(
            column.column, told, match.field.target, match.is_sure, settings, (match.why, told.evidence)
        )
    settings = _settings(told)
    why = [told.evidence]
    if letter in roles.find_by:
        why.append("finds the lead, see leads above")
    elif letter in roles.joined:
        why.append("goes into ActivityDateTime, see values below")
    elif account is not None:
        why.insert(0, _without_a_field(account))
    target = "Status" if column.header.casefold() == "status" else _PLACEHOLDER
    return ProposedColumn(column.column, told, target, False, settings, tuple(why))


def _without_a_field(account: AccountView) -> str:
    """Why a column has no target: the account has no such field, or does not tell its fields."""
    if not account.fields:
        return f"the account {account.name} does not tell its fields to this user"
    return f"no field of “{account.event_name}” is called like this"


def _settings(told: Guess) -> dict[str, object]:
    """Type and conversion as the cells have them."""
    kind = {} if told.kind is FieldType.TEXT else {"type": told.kind.value}
    if told.is_choice:
        return {"type": FieldType.CHOICE.value, "options": list(told.values)}
    return {**kind, **told.settings}


def _settings_for(told: Guess, match: Match) -> dict[str, object]:
    """Type and conversion for a field: what its options and its kind ask for."""
    if match.field.options and not match.field.takes_others and told.values:
        options = {
            **match.options,
            **{value: by_initials(value, match.field.options) or _FILL_IN for value in match.unknown},
        }
        options = dict(match.options) if match.is_sure else options
        listed: object = list(options) if all(typed == sent for typed, sent in options.items()) else dict(options)
        return {"type": FieldType.CHOICE.value, "options": listed}
    settings = {} if told.kind is FieldType.TEXT else {"type": told.kind.value, **told.settings}
    most = match.field.max_length
    if most is not None and most < _FIELD_LENGTH and told.kind in (FieldType.TEXT, FieldType.EMAIL):
        settings["max_length"] = most
    return settings


def _settled(
    one: ProposedColumn, wishes: Wishes, *, is_addressed: bool, is_matched: bool
) -> tuple[ProposedColumn, list[Question]]:
    """A column with the answers about it: which of day and month comes first, and whether a doubtful target is right."""
    letter, questions = one.column.letter, []
    if is_matched and not one.is_active:
        key = f"target:{letter}"
        if wishes.answers.get(key) == "yes":
            one = _with(one, is_active=True)
        elif _FILL_IN not in str(one.settings.get("options")):
            questions.append(ask.about_target(key, one))
    typed = one.guess.moments
    if typed is None or typed.swapped is None:
        return one, questions
    order = wishes.answers.get(f"order:{letter}") or {True: "day", False: "month", None: None}[wishes.day_first]
    if order is None:
        if one.is_active or is_addressed:
            questions.append(
                ask.about_order(f"order:{letter}", one, typed.formats[0], typed.swapped, typed.example or "")
            )
        both = f'day or month first? "{typed.formats[0]}" and "{typed.swapped}" fit alike'
        return _with(
            one, settings={**one.settings, "format": (typed.formats[0], typed.swapped)}, why=(*one.why, both)
        ), questions
    return _with(
        one,
        settings={**one.settings, "format": ordered(typed.formats, order)},
        why=(*one.why, f"{order} first, as you said"),
    ), questions


def ordered(formats: Sequence[str], order: str) -> tuple[str, ...]:
    """The formats with the day or the month first, as a person has said; others than those of digits stay."""
    first, *others = formats
    is_day_first = first.index("%d") < first.index("%m")
    return (first if is_day_first == (order == "day") else swapped(first), *others)


def _with(one: ProposedColumn, **changes: object) -> ProposedColumn:
    return replace(one, **changes)  # type: ignore[arg-type] # names of its fields


def _joined(columns: Sequence[ProposedColumn], roles: Roles) -> dict[str, dict[str, object]]:
    """Day and time of day from two columns."""
    if not roles.joined:
        return {}
    day, clock = (next(one for one in columns if one.column.letter == letter) for letter in roles.joined)
    days, clocks = _formats(day) or ["%Y-%m-%d"], _formats(clock) or ["%H:%M"]
    rule: dict[str, object] = {"join": [day.column.header, clock.column.header], "format": f"{days[0]} {clocks[0]}"}
    return {"ActivityDateTime": rule}


def _formats(one: ProposedColumn) -> Sequence[str]:
    said = one.settings.get("format", ())
    return [said] if isinstance(said, str) else list(said) if isinstance(said, (list, tuple)) else []


def _find_by(letter: str, judged: Sequence[Judged]) -> dict[str, str]:
    column, told = next(one for one in judged if one[0].column.letter == letter)
    region = told.settings.get("region")
    field = "Phone" if told.kind is FieldType.PHONE else "EmailAddress"
    return {"column": column.header, "field": field} | ({"region": str(region)} if region else {})


def _zone(
    active: Sequence[ProposedColumn], joined: Mapping[str, object], account: AccountView | None, wishes: Wishes
) -> tuple[Line | None, list[Question]]:
    """The clock of the sheet, where a date-time is sent."""
    moments = [
        one
        for one in active
        if FIXED_TYPES.get(one.target or "") is FieldType.DATETIME or one.settings.get("type") == "datetime"
    ]
    if not moments and not joined:
        return None, []
    said = wishes.time_zone or wishes.answers.get("time_zone")
    if said:
        return Line(said, "the clock that the sheet's times were read from, as you said; LeadSquared gets UTC"), []
    proposal, source = ask.zone_proposed(account, wishes)
    question = ask.about_zone(proposal, source)
    if proposal is None:
        return None, [question]
    return Line(proposal, f"{source}: is it the clock of the sheet? LeadSquared gets UTC"), [question]


def _event(
    operation: OperationName, account: AccountView | None, wishes: Wishes
) -> tuple[Line | None, str | None, list[Question]]:
    if not NEEDS[operation].event and account is None and wishes.event is None:
        return None, None, []
    if account is not None:
        why = (
            f"as the account {account.name} calls it"
            if account.event_name
            else "as you said; the account tells no types"
        )
        return Line(account.event, why), account.event_name, []
    said = wishes.event or (int(wishes.answers["event"]) if wishes.answers.get("event", "").isdecimal() else None)
    if said:
        return (
            Line(said, "the number of the activity type in your account; add name: … as a check"),
            wishes.event_name,
            [],
        )
    why = f"FILL IN: the number of the activity type in your account, and its name; {NO_EVENT} is none"
    return Line(NO_EVENT, why), wishes.event_name, [ask.about_event()]


def _row_memory(
    sample: Sample,
    judged: Sequence[Judged],
    roles: Roles,
    account: AccountView | None,
    active: Sequence[ProposedColumn],
    wishes: Wishes,
) -> tuple[Line | None, Line | None, list[Question]]:
    """unique_by and row_key_field; an update has neither."""
    if NEEDS[roles.operation].changes:
        return None, None, []
    addresses = set(NEEDS[roles.operation].required)
    addressing = {letter for letter, target in roles.targets.items() if target in addresses} | set(roles.find_by)
    again = unique_by(sample, judged, addressing)
    key_field = row_key_field(account, {one.target or "" for one in active})
    questions = []
    if again.value is not None and isinstance(again.value, list):
        questions.append(ask.about_unique(again))
        if wishes.answers.get("unique_by") == "no":
            again = Line(None, "rows are known by what they send, as you said", shown(again.value[0]))
    if key_field.value is not None:
        questions.append(ask.about_key_field(key_field))
        if wishes.answers.get("row_key_field") == "no":
            key_field = Line(None, key_field.why, str(key_field.value))
    return again, key_field, questions


def _missing(
    account: AccountView | None, active: Sequence[ProposedColumn], operation: OperationName, key_field: Line | None
) -> tuple[str, ...]:
    """Mandatory fields that nothing fills."""
    if account is None or operation is OperationName.UPDATE:
        return ()
    filled = {one.target for one in active} | {key_field.value if key_field else None, "Owner", "Status"}
    return tuple(
        f"{one.target} (“{one.shown}”)" for one in account.fields if one.is_mandatory and one.target not in filled
    )
