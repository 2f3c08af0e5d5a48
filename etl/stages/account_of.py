"""Which account the rows of a mapping go into: the one that it names, or the one that was chosen for the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.errors import UsageError

if TYPE_CHECKING:
    from etl.settings import Account, Settings
    from etl.stages.prepare import LoadedMapping


def account_of(mapping: LoadedMapping, settings: Settings) -> Account | None:
    """The account that rows go into through this mapping; None where none is set.

    Raises: UsageError — the mapping names one account, and the command another one alone.
    """
    name = mapping.mapping.account
    if name is None:
        return settings.account
    if name in settings.accounts:
        return settings.accounts[name]
    chosen = settings.account
    if chosen is not None and chosen.name != name:
        document = mapping.mapping.document
        place = document.place(("account",)) if document is not None else mapping.path
        raise UsageError(
            f"{place}: the mapping is for the account {name}, and this command goes to {chosen.name}. Nothing was sent. "
            f"Choose {name}, or take the line out of the mapping."
        )
    return chosen
