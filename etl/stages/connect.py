"""Which account this is: the client for it, its identity in the ledger, and what it may spend."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from etl.api.asking import one_by_one
from etl.api.reads import read, who_am_i
from etl.delivery.throttle import capacity_for, shared, smallest
from etl.errors import NetworkError, RefusedError, UsageError
from etl.ledger.requests import Allowance
from etl.records import Window
from etl.settings.toml_file import ENVIRONMENT_ACCOUNT
from etl.stages.slots import ReadSlots
from etl.stages.together import Together
from etl.stages.whose_keys import remember, remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.api.asking import Each
    from etl.api.client import Client
    from etl.api.reads import Identity, Sender
    from etl.clock import Clock
    from etl.events import StopSignal
    from etl.ledger.accounts import AccountRecord
    from etl.ledger.store import Ledger
    from etl.records import ApiAnswer, ApiRequest
    from etl.settings import Account

ANY_HOST = "https://api.leadsquared.com"
"""Where to ask for the right host (LeadSquared API: UserByAccessKey.Get works on any host)."""


@dataclass(frozen=True, slots=True)
class Connection:
    """An account, ready to be sent to.

    organisation: in words, for the first line of the run. user_id: the user to whom the keys belong, None if not told.
    is_proven: LeadSquared told it in this very session. readers: how many reads may be in the air together. is_recalled: it was
    told within the hour, and not asked now.
    """

    account: Account
    record: AccountRecord
    client: Sender
    allowance: Allowance
    organisation: str
    slots: ReadSlots
    user_id: str | None = None
    is_proven: bool = True
    readers: int = 1
    is_recalled: bool = False

    def read(self, request: ApiRequest) -> ApiAnswer | None:
        """The answer to a read, under the account's limits; None where LeadSquared does not offer it to this user.

        Raises: RefusedError — keys or host are refused. NetworkError — no answer, after some attempts.
        """
        return read(self.client, request, self.slots.take, self.slots.rest)

    def make_sure(self) -> None:
        """Ask whose keys these are, whatever is remembered.  Raises: RefusedError — they are not taken. NetworkError."""
        who_am_i(self.client, self.slots.take, self.slots.rest)

    @property
    def to_read_back(self) -> Connection:
        """The same account for reading back, which may take what is kept of the day's quota for that."""
        return replace(self, slots=self.slots.to_the_last())

    def over(self, ledger: Ledger, clock: Clock, stop: StopSignal | None = None) -> Connection:
        """The same account and client for another thread, which takes its slots from a ledger of its own."""
        allowance = lambda: allowance_of(self.account, ledger, self.record)  # noqa: E731 — as in `_connected`
        return replace(self, slots=ReadSlots(ledger, self.record, allowance, clock, stop))

    @property
    def each(self) -> Each:
        """Reads much of one kind, as many at once as the account's limit asks for."""
        if self.readers == 1:
            return one_by_one(self.read)
        return Together(self.client, self.slots, self.client.clock, self.readers).each


@contextmanager
def connect(
    account: Account | None, ledger: Ledger, clock: Clock, stop: StopSignal | None = None, *, may_remember: bool = False
) -> Iterator[Connection]:
    """The account, with a client that is closed at the end of the block.

    stop: ends reads and waits for them, too. may_remember: whose keys these are need not be asked where it was within the
    hour; for what sends next, and so learns at once if they are no longer taken.
    """
    if account is None:
        raise UsageError("No account is set. Set LSQ_HOST, LSQ_ACCESS_KEY and LSQ_SECRET_KEY, or a settings file.")
    connection, client = _connected(account, ledger, clock, stop, may_remember=may_remember)
    with client:
        yield connection


def _connected(
    account: Account, ledger: Ledger, clock: Clock, stop: StopSignal | None, *, may_remember: bool
) -> tuple[Connection, Client]:
    """Ask LeadSquared whose keys these are, and find or note the account in the ledger.

    That question may take the end of the day's quota: without it nothing could be read back.

    Raises: RefusedError — keys or host are refused. NetworkError — LeadSquared cannot be reached.
    """
    asked_at = host_to_ask(account)
    known = ledger.accounts.known_as(asked_at, account.name)
    slots = ReadSlots(ledger, known, lambda: allowance_of(account, ledger, known), clock, stop, keeps_reserve=False)
    identity = recalled = remembered(account, known, ledger) if may_remember else None
    if recalled is None:
        with _client(account, asked_at, clock) as client:
            identity = _ask(client, slots, is_known=known is not None)
    _refuse_another_organisation(account, known, identity)
    placed = replace(account, base_url=_host_to_use(account, identity))
    record = ledger.accounts.meet(str(placed.base_url), account.name, identity.org_id if identity else None)
    if account.base_url is None:  # the next command knows the account before it has asked for its host again
        ledger.accounts.meet(asked_at, account.name, record.organisation)
    slots.note_unrecorded(record)
    if identity is not None and recalled is None:
        remember(account, record, identity, ledger)
    placed_client = _client(account, str(placed.base_url), clock)
    connection = Connection(
        account=placed,
        record=record,
        client=placed_client,
        allowance=allowance_of(account, ledger, record),
        organisation=_in_words(identity, record),
        slots=ReadSlots(ledger, record, lambda: allowance_of(account, ledger, record), clock, stop),
        user_id=identity.user_id if identity else None,
        is_proven=identity is not None and recalled is None,
        readers=capacity_for(account.limit),
        is_recalled=recalled is not None,
    )
    return connection, placed_client


def _refuse_another_organisation(account: Account, known: AccountRecord | None, identity: Identity | None) -> None:
    """Under a name of a settings file lives one organisation: a test tenant's keys that slipped into `prod` stop here.

    The account of the LSQ_* variables is whatever they are set to; its organisation stands in the first line of the run.
    """
    if account.name == ENVIRONMENT_ACCOUNT or known is None or known.organisation is None or identity is None:
        return
    if identity.org_id != known.organisation:
        name = f" ({identity.org_name})" if identity.org_name else ""
        raise RefusedError(
            f"The keys of the account {account.name} belong to the organisation {identity.org_id}{name}; until now they "
            f"belonged to {known.organisation}. Nothing was sent, because rows would go into another company's or a test "
            f"account's LeadSquared. Correct the keys. If the other organisation is meant, describe it in the settings file "
            f"under a name of its own, such as [accounts.{account.name}2], and use that with -a."
        )


def host_to_ask(account: Account) -> str:
    """Under which host the ledger knows the account, and where it is asked whose keys these are."""
    return account.base_url or ANY_HOST


def _ask(client: Client, slots: ReadSlots, *, is_known: bool) -> Identity | None:
    """Whose keys these are. A host that has never been reached and makes no connection is taken for a wrong one."""
    try:
        return who_am_i(client, slots.take, slots.rest)
    except NetworkError as error:
        slots.raise_if_stopped()  # who pressed Ctrl-C meanwhile is told that, and not of a wrong host
        if is_known or not error.is_without_connection:
            raise
        raise UsageError(
            f"{error.message} This host has not been reached before: check LSQ_HOST, or host in the settings file. It is "
            "the API host of the account's region, such as api-in21.leadsquared.com. Nothing was sent."
        ) from error


def allowance_of(account: Account, ledger: Ledger, record: AccountRecord | None) -> Allowance:
    """What the account may spend: its settings, what refusals have taught, and the share of it that is ours."""
    learned = ledger.accounts.learned_limits(record.account_id) if record else {}
    configured = {Window.BULK: account.bulk_limit, Window.GENERAL: account.limit}
    limits = {
        window: shared(smallest(limit, learned.get(window)), account.share) for window, limit in configured.items()
    }
    return Allowance(limits, account.daily_requests)


def _client(account: Account, base_url: str, clock: Clock) -> Client:
    from etl.api.client import Client  # noqa: PLC0415 — loads what talks to LeadSquared, and a check does not

    return Client(base_url, account.access_key.reveal(), account.secret_key.reveal(), clock)


def _host_to_use(account: Account, identity: Identity | None) -> str:
    """The configured host; without one, where LeadSquared says that the account lives."""
    if account.base_url is not None:
        return account.base_url
    if identity is None or identity.api_host is None:
        raise RefusedError(
            f"LeadSquared does not say on which host the account {account.name} lives. "
            "Set LSQ_HOST, or host in the settings file, to the API host of its region, such as api-in21.leadsquared.com."
        )
    return f"https://{identity.api_host}"


def _in_words(identity: Identity | None, record: AccountRecord) -> str:
    if identity is not None:
        return f"{identity.org_name} ({identity.org_id})" if identity.org_name else f"organisation {identity.org_id}"
    return f"organisation {record.organisation}" if record.organisation else "organisation not told"
