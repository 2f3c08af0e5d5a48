"""Accounts, limits, the ledger's place, and where secrets come from."""

from etl.settings.load import KnownAccount, NamedAccounts, known_accounts, load_settings, load_settings_without_account
from etl.settings.model import Account, Settings
from etl.settings.places import Directories, user_directories
from etl.settings.secret import MASK, Secret
from etl.settings.view import ShownSetting, masked_account, masked_view

__all__ = [
    "MASK",
    "Account",
    "Directories",
    "KnownAccount",
    "NamedAccounts",
    "Secret",
    "Settings",
    "ShownSetting",
    "known_accounts",
    "load_settings",
    "load_settings_without_account",
    "masked_account",
    "masked_view",
    "user_directories",
]
