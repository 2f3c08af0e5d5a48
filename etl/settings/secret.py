"""A text that must not be seen: it shows itself as dots wherever it is printed, logged or copied into a report."""

from __future__ import annotations

from typing import NoReturn

MASK = "••••"


class Secret:
    """A key that only `reveal` hands out. No dataclass on purpose: `dataclasses.asdict` would open it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The key itself, for the request header it belongs into and for nothing else."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Pickles travel: into caches, queues and crash reports."""
        raise TypeError("A secret is not written anywhere, pickles included.")
