"""Texts with columns in braces: `{Visit Type} at {Site}`. `{{` and `}}` stand for a brace itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

OF_THE_FILE = ("file", "sheet", "row")
"""Names in braces that are no columns: the file's name, the sheet's name, the row number as Excel shows it."""

_PIECE = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}]*)\}|(?P<literal>[^{}]+)|(?P<stray>[{}])")


@dataclass(frozen=True, slots=True)
class Template:
    """A text in pieces: literals and names alternate, a literal first and last.

    `{A} at {B}` has the literals ("", " at ", "") and the names ("A", "B").
    """

    literals: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Template:
        """The template in a mapping's text. Raises ValueError with words for a person when a brace has no partner."""
        literals, names = [""], []
        for piece in _PIECE.finditer(text):
            if piece["stray"] or (piece["name"] is not None and not piece["name"].strip()):
                raise ValueError(
                    f"a brace without a column's name at character {piece.start() + 1}; {{{{ means a brace"
                )
            if piece["name"] is not None:
                names.append(piece["name"])
                literals.append("")
            else:
                literals[-1] += piece["literal"] or piece[0][0]
        return cls(tuple(literals), tuple(names))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it names."""
        return tuple(name for name in self.names if name not in OF_THE_FILE)

    def filled(self, values: tuple[str, ...]) -> str:
        """The text with a value for each name, without white space at its ends."""
        pieces = [piece for pair in zip(self.literals, values, strict=False) for piece in pair]
        return "".join((*pieces, self.literals[-1])).strip()
