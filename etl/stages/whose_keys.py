"""Whose keys these are, remembered from a moment ago: runs behind each other need not ask, and leave the place to their rows.

A pair of keys belongs to one user of one organisation for as long as it lives, so the answer can only grow old by the keys
being taken away. That the next request tells, and then the answer is forgotten; only a live check takes what keys may not read
for what is not offered, so it asks after all before anything else (`live_check_facts`). Other keys under the same name are asked
about at once: the ledger holds a salted hash of the pair, by which it is known again and from which nobody gets it back.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING

from etl.api.reads import Identity
from etl.stages.live_check_facts import REMEMBERED_SECONDS

if TYPE_CHECKING:
    from etl.ledger.accounts import AccountRecord
    from etl.ledger.store import Ledger
    from etl.settings import Account

_NAME = "whose_keys"
_SALT_BYTES, _HASH_BYTES = 16, 16


def remembered(account: Account, known: AccountRecord | None, ledger: Ledger) -> Identity | None:
    """What LeadSquared told of these very keys within the hour; None if it is to be asked. Asks the ledger only.

    known: the account that was last met under this host and name.
    """
    fact = ledger.facts.get(known.account_id, _NAME) if known is not None else None
    if known is None or fact is None or not 0 <= fact.age_seconds < REMEMBERED_SECONDS:
        return None
    match fact.value:
        case {"salt": str(salt), "keys": str(keys), "identity": dict(told)}:
            if not secrets.compare_digest(_hash(account, salt), keys):
                return None
        case _:
            return None
    try:
        identity = Identity(**told)
    except TypeError:  # kept by another version
        return None
    return identity if identity.org_id == known.organisation else None


def remember(account: Account, record: AccountRecord, identity: Identity, ledger: Ledger) -> None:
    """Keep what LeadSquared has just told."""
    salt = secrets.token_hex(_SALT_BYTES)
    kept = {"salt": salt, "keys": _hash(account, salt), "identity": asdict(identity)}
    ledger.facts.put(record.account_id, _NAME, kept)


def forget(record: AccountRecord, ledger: Ledger) -> None:
    """Have the next command ask: something was refused, and its answer says more than that of a request with rows."""
    ledger.facts.put(record.account_id, _NAME, None)


def _hash(account: Account, salt: str) -> str:
    """The pair's. Keys are long and drawn by chance, so that nothing slower is needed against guessing."""
    access, secret = account.access_key.reveal(), account.secret_key.reveal()
    pair = f"{len(access)}:{access}{secret}".encode()
    return hashlib.blake2b(
        pair, digest_size=_HASH_BYTES, salt=bytes.fromhex(salt), person=b"etl whose keys"
    ).hexdigest()
