"""Elements of bulk operations for many rows at once, from columns: to the letter what `bulk.element` makes of each row.

Each column is encoded in one go, and what stands between them is the same for all rows, so that an element is one `join`:
a fifth of what rows cost one by one. A row without a value has no member for it, and no comma.
"""

from __future__ import annotations

from itertools import chain, repeat
from json.encoder import encode_basestring as _text
from typing import TYPE_CHECKING, TypeAlias, cast

from etl.operations.bulk import OPTIONAL_NAMES, is_custom

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from etl.operations.contract import Columns, RequestOptions

    Piece: TypeAlias = str | Iterable[str]


def written(columns: Columns, event: int, addressed_by: str, options: RequestOptions) -> list[str] | None:
    """The elements of new activities, in the order of the rows. addressed_by: the target that names the lead of a row.

    Returns: None where a row has no such target, which is for who takes it by itself to complain about.
    """
    addresses = columns.get(addressed_by, ())
    if not addresses or not all(addresses):
        return None
    members = [_member(f",{_text(name)}:", columns[name], "") for name in OPTIONAL_NAMES if name in columns]
    pieces = [
        *("{", *_member(f"{_text(addressed_by)}:", addresses, ""), f',"ActivityEvent":{event}'),
        *chain.from_iterable(members),
        *_fields({name: texts for name, texts in columns.items() if is_custom(name)}),
        ',"ValidateDropDownOptions":true}' if options.skip_dropdown_validation else "}",
    ]
    return list(map("".join, zip(*_side_by_side(pieces), strict=False)))  # what is the same for all rows has no end


def _side_by_side(pieces: Iterable[Piece]) -> Iterator[Iterable[str]]:
    """What is the same for all rows as often as it is wanted, with neighbours of its kind in one."""
    same = ""
    for piece in pieces:
        if isinstance(piece, str):
            same += piece
            continue
        yield repeat(same)
        yield piece
        same = ""
    yield repeat(same)


def _member(before: str, texts: Sequence[str | None], behind: str) -> Sequence[Piece]:
    """A member of an element, with what stands before and behind its value. Left out of a row that has none, or an empty one."""
    if all(texts):
        return before, map(_text, cast("Sequence[str]", texts)), behind
    return ([f"{before}{_text(text)}{behind}" if text else "" for text in texts],)


def _fields(columns: Columns) -> Iterator[Piece]:
    """`Fields`, which a row has that has any. Where one stands in each row, the others bring the comma between them and it."""
    entries = {name: f'{{"SchemaName":{_text(name)},"Value":' for name in columns}
    always = next((name for name, texts in columns.items() if all(texts)), None)
    if always is None:
        of_rows = zip(*(_member(entries[name], texts, "}")[0] for name, texts in columns.items()), strict=True)
        yield [_some_fields(filter(None, of_row)) for of_row in of_rows] if columns else ""
        return
    yield ',"Fields":['
    comma_before, comma_behind = "", ","
    for name, texts in columns.items():
        if name == always:
            yield from _member(entries[name], texts, "}")
            comma_before, comma_behind = ",", ""
        else:
            yield from _member(f"{comma_before}{entries[name]}", texts, f"}}{comma_behind}")
    yield "]"


def _some_fields(entries: Iterable[str]) -> str:
    there = ",".join(entries)
    return f',"Fields":[{there}]' if there else ""
