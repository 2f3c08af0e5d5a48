"""What is known about an account and about where our own record lies, as frozen types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from etl.records import Limit
from etl.settings.secret import MASK, Secret

_PASSWORD_OF_URL = re.compile(r"(?<=://)([^/@]*):[^/]*@")

DEFAULT_LIMIT = Limit(25, 5)
DEFAULT_SHARE = 1.0
DEFAULT_VISIBILITY_WAIT_SECONDS = 90.0
DEFAULT_LATE_WAIT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Account:
    """One LeadSquared account as the settings describe it.

    base_url: "https://api-in21.leadsquared.com", no slash at the end; None: the host is to be found from the keys.
    share: part of the limits to use, above 0 and at most 1. daily_requests: most requests in a UTC day, if any.
    visibility_wait_seconds: how long an activity that cannot be read back may still turn up.
    late_wait_seconds: how long after a time-out LeadSquared may still carry the request out.
    lead_link: the address of a lead's page, with {id} in the place of its id; None: results have no links.
    origins: name of the setting → where its value came from, in words.
    """

    name: str
    base_url: str | None
    access_key: Secret
    secret_key: Secret
    bulk_limit: Limit = DEFAULT_LIMIT
    limit: Limit = DEFAULT_LIMIT
    share: float = DEFAULT_SHARE
    daily_requests: int | None = None
    visibility_wait_seconds: float = DEFAULT_VISIBILITY_WAIT_SECONDS
    late_wait_seconds: float = DEFAULT_LATE_WAIT_SECONDS
    lead_link: str | None = None
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """What one command works with.

    ledger_url: SQLAlchemy URL; it may hold a password, so people are shown `ledger_shown`.
    ledger_files: folder of the kept copies. config_path: the settings file that was read, None without one.
    accounts: those that mappings name (`account:`), by their names; `account` is for mappings that name none.
    """

    account: Account | None
    ledger_url: str = field(repr=False)
    ledger_files: Path
    config_path: Path | None = None
    origins: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, Account] = field(default_factory=dict)

    @property
    def ledger_shown(self) -> str:
        """The path of the SQLite file, or the database URL with its password masked."""
        if self.ledger_url.startswith("sqlite:///"):
            return self.ledger_url.removeprefix("sqlite:///")
        return _PASSWORD_OF_URL.sub(rf"\1:{MASK}@", self.ledger_url)
