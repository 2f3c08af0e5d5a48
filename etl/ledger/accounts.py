"""Accounts, the scopes in which rows are known again, and what LeadSquared's answers taught about an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from etl.errors import LedgerError
from etl.identity import account_identity
from etl.ledger.database import inserted_key
from etl.ledger.limits_held import note_named
from etl.ledger.patience import patiently
from etl.ledger.schema import ACCOUNT_NAMES, ACCOUNTS, LEARNED_LIMITS, SCOPES
from etl.records import Limit, Window

if TYPE_CHECKING:
    from etl.ledger.database import Database


LEARNED_FOR_SECONDS = 30 * 86_400.0
"""So long a limit that a refusal named is kept to; then the settings' is tried again, and a refusal teaches anew."""


# Built once, because each request asks.
_LEARNED = """
SELECT rate_window, requests, seconds FROM learned_limits WHERE account_id = :account_id AND learned_at > :learned_after"""


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """An account as the ledger knows it. organisation: its OrgId, None where LeadSquared did not tell."""

    account_id: int
    identity: str
    organisation: str | None


class Accounts:
    """What the ledger knows of accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._learned: tuple[tuple[int, int], dict[Window, Limit]] = ((0, 0), {})  # of which transaction and account

    def known_as(self, base_url: str, name: str) -> AccountRecord | None:
        """The account met earlier under this host and name; asks only."""
        query = (
            select(ACCOUNTS.c.account_id, ACCOUNTS.c.identity, ACCOUNTS.c.organisation)
            .join(ACCOUNT_NAMES, ACCOUNT_NAMES.c.account_id == ACCOUNTS.c.account_id)
            .where(ACCOUNT_NAMES.c.host == base_url, ACCOUNT_NAMES.c.name == name)
        )
        found = self._database.connection.execute(query).first()
        return AccountRecord(*found) if found else None

    def hosts(self, account_id: int) -> tuple[str, ...]:
        """The hosts under which an account was met; asks only."""
        query = select(ACCOUNT_NAMES.c.host).where(ACCOUNT_NAMES.c.account_id == account_id).distinct()
        return tuple(sorted(self._database.connection.execute(query).scalars()))

    @patiently
    def meet(self, base_url: str, name: str, org_id: str | None) -> AccountRecord:
        """The account behind host and name, noted if it is new.

        An account once known by its organisation stays that one where LeadSquared does not tell it this time; one that was
        known by host and name alone becomes that of its organisation as soon as LeadSquared tells it.
        Raises: LedgerError — rows were imported both under the organisation and under host and name alone.
        """
        known = self.known_as(base_url, name)
        if known is not None and (org_id is None or known.organisation == org_id):
            return known
        identity = account_identity(org_id, base_url, name)
        if known is not None and known.organisation is None:
            return self._name_organisation(known, identity, org_id)
        with self._database.writing() as connection:
            query = select(ACCOUNTS.c.account_id).where(ACCOUNTS.c.identity == identity)
            account_id = connection.execute(query).scalar()
            if account_id is None:
                new = {"identity": identity, "organisation": org_id, "first_seen_at": self._now()}
                account_id = inserted_key(connection.execute(ACCOUNTS.insert().values(**new)))
            place = (ACCOUNT_NAMES.c.host == base_url) & (ACCOUNT_NAMES.c.name == name)
            connection.execute(ACCOUNT_NAMES.delete().where(place))
            connection.execute(ACCOUNT_NAMES.insert().values(host=base_url, name=name, account_id=account_id))
        return AccountRecord(account_id, identity, org_id)

    def _name_organisation(self, known: AccountRecord, identity: str, org_id: str | None) -> AccountRecord:
        with self._database.writing() as connection:
            other = select(ACCOUNTS.c.account_id).where(ACCOUNTS.c.identity == identity)
            if connection.execute(other).first() is not None:
                raise LedgerError(
                    f"This ledger has rows of the organisation {org_id} in two places: under its own name, and under "
                    f"{known.identity} from a time when LeadSquared did not tell the organisation. Nothing was sent, "
                    "because rows could go out twice. Use the account name under which these rows were imported first."
                )
            values = {"identity": identity, "organisation": org_id}
            connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account_id == known.account_id).values(**values))
        return AccountRecord(known.account_id, identity, org_id)

    @patiently
    def scope(self, account_id: int, mapping_name: str, event: int) -> int:
        """The number of the scope, noted if it is new."""
        place = {"account_id": account_id, "mapping_name": mapping_name, "event": event}
        query = select(SCOPES.c.scope_id).filter_by(**place)
        scope_id = self._database.connection.execute(query).scalar()
        if scope_id is not None:
            return int(scope_id)
        with self._database.writing(account_id) as connection:
            scope_id = connection.execute(query).scalar()
            if scope_id is None:
                scope_id = inserted_key(connection.execute(SCOPES.insert().values(**place)))
        return int(scope_id)

    def numbering(self, account_id: int) -> str:
        """Whether this account numbers the rows of its answers from one or from zero, or that it is unknown."""
        query = select(ACCOUNTS.c.numbering).where(ACCOUNTS.c.account_id == account_id)
        return str(self._database.connection.execute(query).scalar_one())

    def note_numbering(self, account_id: int, numbering: str) -> None:
        """Keep what a full answer has shown of this account's numbering."""
        with self._database.writing(account_id) as connection:
            connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account_id == account_id).values(numbering=numbering))

    def learned_limits(self, account_id: int) -> dict[Window, Limit]:
        """The limits that refusals of this account have named, the last of them not too long ago: a plan may grow."""
        of = (self._database.transactions, account_id)
        if not self._database.is_writing or self._learned[0] != of:
            self._learned = (of, self._ask_learned(account_id))
        return dict(self._learned[1])

    def _ask_learned(self, account_id: int) -> dict[Window, Limit]:
        place = {"account_id": account_id, "learned_after": self._now() - LEARNED_FOR_SECONDS}
        found = self._database.ask(_LEARNED, place)
        return {Window(name): Limit(requests, seconds) for name, requests, seconds in found}

    def learn_limit(self, account_id: int, window: Window, limit: Limit) -> None:
        """Keep a limit that a refusal named; the smallest rate wins (LeadSquared: "exceeded the limit of N in M second(s)")."""
        place = (LEARNED_LIMITS.c.account_id == account_id) & (LEARNED_LIMITS.c.rate_window == window.value)
        with self._database.writing(account_id) as connection:
            known = connection.execute(select(LEARNED_LIMITS).where(place)).first()
            is_known = known is not None and known.learned_at > self._now() - LEARNED_FOR_SECONDS
            if known is not None and is_known and known.requests / known.seconds <= limit.count / limit.seconds:
                if known.requests / known.seconds == limit.count / limit.seconds:
                    connection.execute(update(LEARNED_LIMITS).where(place).values(learned_at=self._now()))
                return
            connection.execute(LEARNED_LIMITS.delete().where(place))
            learned = {"rate_window": window.value, "requests": limit.count, "seconds": limit.seconds}
            connection.execute(LEARNED_LIMITS.insert().values(account_id=account_id, learned_at=self._now(), **learned))
            note_named(connection, account_id, window, limit, self._now())
            self._database.ask_anew()

    def pause(self, account_id: int, until_mono: float) -> None:
        """Let no process send to this account before `until_mono` of this boot; a longer pause stays."""
        with self._database.writing(account_id) as connection:
            boot = self._database.clock.boot_id()  # where that clock was set, the beginning has noted it
            until_mono = self._database.to_ledger(until_mono)
            place = ACCOUNTS.c.account_id == account_id
            known = connection.execute(select(ACCOUNTS.c.paused_until_mono, ACCOUNTS.c.paused_boot).where(place)).one()
            if known.paused_boot == boot and (known.paused_until_mono or 0) >= until_mono:
                return
            connection.execute(update(ACCOUNTS).where(place).values(paused_until_mono=until_mono, paused_boot=boot))
            self._database.ask_anew()

    def _now(self) -> float:
        return self._database.clock.now().timestamp()
