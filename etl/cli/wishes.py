"""What was asked of a command that nobody watches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for. is_told: others are told, as `[notify]` says. is_real: no rehearsal. may_speak: stderr is for people.

    account: as the command names it. mappings: of the command. routes: of an inbox, None for any other command.
    """

    heartbeat: Path | None = None
    metrics: Path | None = None
    submitted_by: str | None = None
    is_told: bool = True
    is_real: bool = True
    may_speak: bool = True
    account: str | None = None
    mappings: tuple[Path, ...] = ()
    routes: Path | None = None
