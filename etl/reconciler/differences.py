"""In what a row differs from what was sent for it before."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from etl.findings import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.operations.contract import Element, Operation, RequestOptions


_NO_TARGETS = frozenset({"Fields", "ValidateDropDownOptions"})


def element_of(deflated_body: bytes, position: int, operation: Operation, options: RequestOptions) -> Element:
    """The activity at a position (from 1) of a request body kept in the ledger. operation: that has sent it."""
    return operation.elements(zlib.decompress(deflated_body), options)[position - 1]


@dataclass(frozen=True, slots=True)
class Difference:
    """A target that holds something else now. None: nothing."""

    target: str
    old: object
    new: object

    def __str__(self) -> str:
        return f"{self.target}: {_quoted(self.old)} became {_quoted(self.new)}"


def differences(before: Mapping[str, object], now: Mapping[str, object], leave_out: str | None) -> list[Difference]:
    """Target by target; in words `mx_Custom_2: "100" became "200"`. leave_out: the row key's field."""
    names = [name for name in dict.fromkeys((*before, *now)) if name != leave_out and before.get(name) != now.get(name)]
    return [Difference(name, before.get(name), now.get(name)) for name in names]


def by_target(element: Element) -> dict[str, object]:
    """What an activity was sent with, target by target; an empty text clears a field and leaves nothing in it."""
    fields: dict[str, object]
    fields = {field["SchemaName"]: field["Value"] for field in cast("list[dict[str, str]]", element.get("Fields", []))}
    sent = {name: value for name, value in element.items() if name not in _NO_TARGETS} | fields
    return {name: value for name, value in sent.items() if value != ""}


def _quoted(value: object) -> str:
    return "nothing" if value is None else shown(value)
