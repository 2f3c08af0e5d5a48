"""How a mapping wants its input read, in the words of the readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.mapping.bind import headers_named
from etl.mapping.model import OnMerged
from etl.mapping.sieve import table_end
from etl.reader import InputRules

if TYPE_CHECKING:
    from etl.mapping.model import Mapping


def rules_of(mapping: Mapping, sheet: str | None) -> InputRules:
    """The rules for one sheet of an input; None for the only visible one, or a file without sheets."""
    said = mapping.input
    return InputRules(
        sheet,
        said.header_row,
        said.encoding,
        said.delimiter,
        quote=said.quote,
        headers=headers_named(mapping),
        fill_merged=said.merged is OnMerged.FILL,
        ends=table_end(said.stop_at) if said.stop_at else None,
    )
