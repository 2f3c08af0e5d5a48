"""The settings as `etl accounts` shows them: every value, secrets masked, and where each came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.settings.secret import MASK

if TYPE_CHECKING:
    from etl.settings.model import Account, Settings


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """One setting, ready to be printed. origin: a variable, a file and setting, or "default"."""

    setting: str
    value: str
    origin: str


def masked_view(settings: Settings) -> tuple[ShownSetting, ...]:
    """The settings of one command: ledger and settings file first, then those of the account if there is one."""
    config = str(settings.config_path) if settings.config_path else "none"
    general = (
        ShownSetting("ledger", settings.ledger_shown, settings.origins.get("ledger", "")),
        ShownSetting("settings file", config, settings.origins.get("config", "")),
    )
    return general + (masked_account(settings.account) if settings.account else ())


def masked_account(account: Account) -> tuple[ShownSetting, ...]:
    """The settings of one account in the order of the settings table."""
    daily = "no budget" if account.daily_requests is None else str(account.daily_requests)
    values = {
        "host": account.base_url or "found from the keys",
        "access_key": MASK,
        "secret_key": MASK,
        "bulk_limit": str(account.bulk_limit),
        "limit": str(account.limit),
        "share": f"{account.share:g}",
        "daily_requests": daily,
        "visibility_wait": f"{account.visibility_wait_seconds:g} s",
        "late_wait": f"{account.late_wait_seconds:g} s",
        "lead_link": account.lead_link or "no links",
    }
    return tuple(ShownSetting(setting, value, account.origins.get(setting, "")) for setting, value in values.items())
