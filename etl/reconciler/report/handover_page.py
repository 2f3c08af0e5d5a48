"""The page of a package: what is in it, and the one command with which the next person goes on."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from etl.reconciler.counts import Equation
from etl.reconciler.report.page import environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.records import Outcome


@dataclass(frozen=True, slots=True)
class HandedRun:
    """One run of a package. counts: as they stood when it was handed over."""

    run: int
    input: str
    sheet: str | None
    data_rows: int
    counts: Mapping[Outcome, int]

    @property
    def equation(self) -> str:
        return str(Equation(self.data_rows, dict(self.counts)))


@dataclass(frozen=True, slots=True)
class PartInWords:
    """A part of the package, and what it is."""

    name: str
    what: str


@dataclass(frozen=True, slots=True)
class HandoverPage:
    """What the page tells. command: what the next person types. wanted: files that the package does not hold.

    account: under which name it is set up where the package was made. mapping_account: where the mapping insists on a name.
    """

    package: str
    made: float
    by: str
    ledger: str
    etl_version: str
    account: str
    organisation: str | None
    mapping_account: str | None
    has_values: bool
    runs: tuple[HandedRun, ...]
    parts: tuple[PartInWords, ...]
    wanted: tuple[str, ...]
    command: str
    known_rows: int


def handover_page(facts: HandoverPage) -> str:
    """The whole HTML file: no script, nothing from outside, as `etl report` has it."""
    from markupsafe import Markup  # noqa: PLC0415 — comes with jinja2, slow to load

    style = resources.files(__package__).joinpath("templates", "style.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        environment(None)
        .get_template("handover.html.j2")
        .render(
            facts=facts,
            style=Markup(style),  # noqa: S704 — our own file; its hash stands in the policy
            style_hash=digest,
        )
    )
