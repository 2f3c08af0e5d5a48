"""The leads that LeadSquared holds: by their ids, or by the value of one of their fields."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal, InvalidOperation
from itertools import count
from typing import TYPE_CHECKING

from etl.api.asking import (
    NotOfferedError,
    ask,
    getting,
    identifier,
    one_by_one,
    posting,
    rows_in,
    text,
    unusable,
)
from etl.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from etl.api.asking import Each, Read, Row
    from etl.records import ApiRequest

_BATCH = 1000
_PAGE_ROWS = 100
_PATIENCE = 3  # single reads refused before the read as such counts as refused: an unknown lead may be answered so too
_PHONES = frozenset({"Phone", "Mobile"})
_FEWEST_DIGITS = 8  # of a phone number without its country; shorter ends are equal by chance


def leads_by_ids(read: Read, ids: Collection[str], each: Each | None = None) -> dict[str, Mapping[str, str]] | None:
    """The attributes of leads as texts, an empty one as "", by casefolded lead id. Ids that no lead has are left out.

    each: how many single leads are read; one by one if it is left out.

    None:    LeadSquared offers neither reading many leads nor single ones, or not to this user.
    Raises:  NetworkError — a single lead's answer cannot be used; what `read` raises.
    Source:  reading by many ids is known from the code of other clients only, so that anything unexpected in it leads
             to the documented read of single leads, which also has the last word on a lead that does not exist.
    """
    wanted = {lead_id.strip().casefold(): lead_id.strip() for lead_id in ids if lead_id.strip()}
    keys = list(wanted)
    found: dict[str, Mapping[str, str]] = {}
    is_offered = not wanted
    with suppress(NotOfferedError):
        for start in range(0, len(keys), _BATCH):
            found |= _batch(read, {key: wanted[key] for key in keys[start : start + _BATCH]})
            is_offered = True
    singles = _singles(read, [lead_id for key, lead_id in wanted.items() if key not in found], each)
    return found | (singles or {}) if is_offered or singles is not None else None


def lead_ids_with(read: Read, field: str, value: str) -> tuple[str, ...] | None:
    """The ids of the leads whose field holds a value, () if there are none.

    Of several leads with one phone number LeadSquared may show only that with the latest activity.
    None:    LeadSquared does not offer this look-up, not to this user, or does not understand the question.
    Raises:  NetworkError — an answer cannot be used; what `read` raises.
    """
    leads = _looked_up(read, field, value.strip())
    if leads is None:
        return None
    holding = [lead for lead in leads if is_same_lead_value(field, lead.get(field, ""), value) is not False]
    return tuple({key: lead["ProspectID"] for lead in holding if (key := _key(lead))}.values())


def leads_with(read: Read, field: str, value: str) -> tuple[Mapping[str, str], ...] | None:
    """The attributes of the leads that have a value, as texts; a phone number in whichever of their phone fields.

    None and Raises: as `lead_ids_with`.
    """
    leads = _looked_up(read, field, value.strip())
    if leads is None:
        return None
    return tuple(
        {key: lead for lead in leads if (key := _key(lead)) and holds(lead, field, value) is not False}.values()
    )


def holds(lead: Mapping[str, str], field: str, value: str) -> bool | None:
    """Whether a lead has a value in a field, a phone number in any of its phone fields; None where it shows none."""
    told = [is_same_lead_value(name, lead.get(name, ""), value) for name in (_PHONES if field in _PHONES else (field,))]
    return True if True in told else False if False in told else None


def requests_for(field: str, value: str) -> int:
    """The most requests that one look-up takes."""
    if field in _PHONES:
        return len(list(_spellings(value.strip())))
    return 1 if field == "EmailAddress" else 2  # by any other field: a page, and one more to see that there is none


def _looked_up(read: Read, field: str, asked: str) -> list[Mapping[str, str]] | None:
    """The leads that LeadSquared answers; None where it does not offer that."""
    if not asked:
        return []
    try:
        if field == "EmailAddress":
            return _answered(read, getting("LeadManagement.svc/Leads.GetByEmailaddress", ("emailaddress", asked)))
        if field in _PHONES:
            return _by_phone(read, asked)
        return _by_criteria(read, field, asked)
    except NotOfferedError:
        return None


def is_same_lead_value(field: str, held: str, asked: str) -> bool | None:
    """Whether two texts are one value of a lead field; None where one of them is empty and nothing can be told.

    Case and outer spaces never count. Phone numbers are equal by their digits, with or without what stands in front of
    the national number; other fields also as numbers.
    """
    if field in _PHONES:
        return _is_same_number(_digits(held).lstrip("0"), _digits(asked).lstrip("0"))
    one, other = held.strip().casefold(), asked.strip().casefold()
    if not one or not other:
        return None
    return one == other or (field != "EmailAddress" and _number(one) is not None and _number(one) == _number(other))


def _is_same_number(one: str, other: str) -> bool | None:
    if not one or not other:
        return None
    shorter, longer = sorted((one, other), key=len)
    return one == other or (len(shorter) >= _FEWEST_DIGITS and longer.endswith(shorter))


def _digits(phone: str) -> str:
    return "".join(letter for letter in phone if letter.isascii() and letter.isdigit())


def _number(written: str) -> Decimal | None:
    try:
        number = Decimal(written)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _batch(read: Read, wanted: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
    """Up to a thousand leads; a server may show fewer at a time than it is asked for.

    Raises:  NotOfferedError — not offered, or not in the shape that other clients saw; what `read` raises.
    """
    found: dict[str, Mapping[str, str]] = {}
    while missing := [lead_id for key, lead_id in wanted.items() if key not in found]:
        request = posting(
            "LeadManagement.svc/Leads/Retrieve/ByIds",
            {
                "SearchParameters": {"LeadIds": missing},
                "Columns": {"Include_CSV": ""},
                "Paging": {"PageIndex": 1, "PageSize": len(missing)},
            },
        )
        try:
            leads = {_key(lead): lead for lead in _answered(read, request)}
        except NetworkError as error:
            if not error.is_fault:  # LeadSquared API: a body in a wrong shape is answered like a fault of the server
                raise
            raise NotOfferedError from None
        new = {key: lead for key, lead in leads.items() if key in wanted and key not in found}
        if not new:
            break
        found |= new
    return found


def _singles(read: Read, ids: Sequence[str], each: Each | None) -> dict[str, Mapping[str, str]] | None:
    """Leads read singly: the first ones alone, until one answer shows that it is allowed; None if none of them does."""
    answers: list[list[Mapping[str, str]] | None] = []
    while len(answers) < min(_PATIENCE, len(ids)) and not any(answer is not None for answer in answers):
        answers.append(_single(read, ids[len(answers)]))
    if all(answer is None for answer in answers):
        return None
    answers += (each or one_by_one(read))(_single, ids[len(answers) :])
    return {_key(lead): lead for answer in answers for lead in answer or ()}


def _single(read: Read, lead_id: str) -> list[Mapping[str, str]] | None:
    """One lead, or none; None where that is refused. A question that was misunderstood may be answered with another lead."""
    try:
        leads = _answered(read, getting("LeadManagement.svc/Leads.GetById", ("id", lead_id)))
    except NotOfferedError:
        return None
    return [lead for lead in leads if _key(lead) == lead_id.casefold()][:1]


def _by_phone(read: Read, phone: str) -> list[Mapping[str, str]]:
    """The leads found under any spelling of a number.  Raises:  NotOfferedError — no spelling may be asked for."""
    found: list[Mapping[str, str]] = []
    answered = 0
    for spelling in _spellings(phone):
        try:
            found += _answered(read, getting("LeadManagement.svc/RetrieveLeadByPhoneNumber", ("phone", spelling)))
            answered += 1
        except NotOfferedError:  # some accounts say 404 for a number that nobody has
            continue
    if not answered:
        raise NotOfferedError
    return found


def _spellings(phone: str) -> Iterator[str]:
    """As given, digits only, and `+CC-NNNN` where the number tells its country: accounts differ in what they find."""
    import phonenumbers  # noqa: PLC0415 — takes a while to load, and few mappings have phones

    spellings = [phone, _digits(phone)]
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        pass
    else:
        spellings.append(f"+{number.country_code}-{phonenumbers.national_significant_number(number)}")
    yield from dict.fromkeys(spelling for spelling in spellings if spelling)


def _by_criteria(read: Read, field: str, value: str) -> list[Mapping[str, str]]:
    """The leads found by any field, page by page.

    Raises:  NotOfferedError — the answer shows other leads too: LeadSquared overlooks a condition it does not understand.
    """
    found: dict[str, Mapping[str, str]] = {}
    for number in count(1):
        request = posting(
            "LeadManagement.svc/Leads.Get",
            {
                "Parameter": {"LookupName": field, "LookupValue": value, "SqlOperator": "="},
                "Columns": {"Include_CSV": ",".join(dict.fromkeys(("ProspectID", field)))},
                "Sorting": {"ColumnName": "CreatedOn", "Direction": "1"},
                "Paging": {"PageIndex": number, "PageSize": _PAGE_ROWS},
            },
        )
        page = {_key(lead): lead for lead in _answered(read, request)}
        if not all(is_same_lead_value(field, lead.get(field, ""), value) for lead in page.values()):
            raise NotOfferedError
        if page.keys() <= found.keys():
            break
        found |= page
    return list(found.values())


def _answered(read: Read, request: ApiRequest) -> list[Mapping[str, str]]:
    """The leads of an answer, which is a bare list.  Raises:  NotOfferedError; NetworkError — no list."""
    rows = rows_in(ask(read, request), "Leads")
    if rows is None:
        raise unusable(request, "it is no list of leads")
    return [_attributes(row) for row in rows]


def _attributes(row: Row) -> Mapping[str, str]:
    """A lead's attributes as texts, an empty one as "", whether they stand flat or as a list of pairs."""
    pairs = rows_in(row, "LeadPropertyList")
    told = (
        row if pairs is None else {name: pair.get("Value") for pair in pairs if (name := text(pair.get("Attribute")))}
    )
    return {name: text(value) or "" for name, value in told.items()}


def _key(lead: Mapping[str, str]) -> str:
    """A lead's casefolded id, "" where it tells none."""
    return identifier(lead.get("ProspectID")).casefold()
