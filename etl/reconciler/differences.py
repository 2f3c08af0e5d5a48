"""In what a row differs from what was sent for it before."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from etl.findings import shown

if TYPE_CHECKING:
    from etl.operations.contract import Element, Operation, RequestOptions


def element_of(deflated_body: bytes, position: int, operation: Operation, options: RequestOptions) -> Element:
    """The activity at a position (from 1) of a request body kept in the ledger. operation: that has sent it."""
    return operation.elements(zlib.decompress(deflated_body), options)[position - 1]


def differences(before: dict[str, Any], now: dict[str, Any], leave_out: str | None) -> str:
    """In words, target by target: `mx_Custom_2: "100" became "200"`. leave_out: the row key's field."""
    old, new = _flat(before), _flat(now)
    names = [name for name in dict.fromkeys((*old, *new)) if name != leave_out and old.get(name) != new.get(name)]
    return "; ".join(f"{name}: {_quoted(old.get(name))} became {_quoted(new.get(name))}" for name in names)


def _flat(element: dict[str, Any]) -> dict[str, Any]:
    fields = {field["SchemaName"]: field["Value"] for field in element.get("Fields", ())}
    return {name: value for name, value in element.items() if name != "Fields"} | fields


def _quoted(value: object) -> str:
    return "nothing" if value is None else shown(value)
