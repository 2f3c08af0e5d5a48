"""What is submitted, as it travels to a worker: no credentials, and no bytes: those are kept copies, named by their hashes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import PurePosixPath
from typing import Any

VERSION = 1
"""Of the form of an order. A worker leaves one that it does not know to newer workers."""

PREFIX = "s"
"""What stands before the number of a submission, so that nobody takes it for that of a run."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of an order. place: relative to the folder that a worker lays it in, below which it cannot lead out.

    url: by which the mapping names it, None where that is by its place.
    """

    place: str
    hash: str
    url: str | None = None

    @property
    def name(self) -> str:
        """The name without folders."""
        return PurePosixPath(self.place).name


@dataclass(frozen=True, slots=True)
class Window:
    """When requests may be sent: from `opens` to `closes` on the clock of a zone, each day. None: no bound on that side."""

    opens: str | None = None
    closes: str | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Order:
    """One input for one account.

    origin: the input as its owner named it. results: the folder or URL where results go, None for the ledger alone.
    submitter: an e-mail address, told how it ended. who: user and machine, as they are recorded.
    """

    account: str
    origin: str
    input: KeptFile
    mapping: KeptFile
    mapping_name: str
    lookups: tuple[KeptFile, ...] = ()
    window: Window | None = None
    results: str | None = None
    duplicate: int | None = None
    rows_ok: int | None = None
    preflight: bool = True
    all_or_nothing: bool = False
    on_behalf_of: str | None = None
    submitter: str | None = None
    who: str = ""
    version: int = VERSION

    @property
    def one_of_a_kind(self) -> str:
        """What two orders have in common that are the same import: they are never carried out at once."""
        again = f"|again {self.duplicate}" if self.duplicate else ""
        lookups = "+".join(one.hash[:16] for one in self.lookups)
        return f"{self.account}|{self.input.hash}|{self.mapping.hash}+{lookups}{again}"

    @property
    def one_input(self) -> str:
        """The name of the engine's lock: one input of one account, through whichever mapping."""
        return f"{self.account}|{self.input.hash}"

    def as_data(self) -> dict[str, Any]:
        """As it stands in the queue."""
        return {"order": asdict(self)}

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> Order:
        """Back from the queue; members that a newer version has added are passed over.

        Raises: ValueError — a newer version has written it, in a form that this one does not know.
        """
        found = data["order"]
        if found.get("version", 0) > VERSION:
            raise ValueError(f"an order of form {found['version']}; this version of etl knows {VERSION}")
        members = {one.name: found[one.name] for one in fields(cls) if one.name in found}
        window = members.get("window")
        return cls(
            **members
            | {
                "input": KeptFile(**members["input"]),
                "mapping": KeptFile(**members["mapping"]),
                "lookups": tuple(KeptFile(**one) for one in members.get("lookups", ())),
                "window": Window(**window) if window else None,
            }
        )


def shown_number(number: int) -> str:
    """`s17`: a submission as people type and read it."""
    return f"{PREFIX}{number}"


def number_of(text: str) -> int | None:
    """The number of a submission, None where the text is none."""
    digits = text.strip().lower().removeprefix(PREFIX)
    is_one = text.strip().lower().startswith(PREFIX) and digits.isascii() and digits.isdecimal() and len(digits) < 19
    return int(digits) or None if is_one else None
