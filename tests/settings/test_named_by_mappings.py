"""Accounts that mappings name (`account:`), beside what the command line and the environment say."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from etl.errors import UsageError
from etl.settings import NamedAccounts, load_settings
from tests.settings.conftest import Home

ACCOUNT = '[accounts.{name}]\nhost = "https://{name}.example.com"\naccess_key = "{name}-access"\nsecret_key = "{name}-secret"\n'
KEYS = {"LSQ_ACCESS_KEY": "own-access", "LSQ_SECRET_KEY": "own-secret"}
PLACE = "m.yaml:3:10: account: {}"


def named(*names: str, beside: bool = False) -> NamedAccounts:
    return NamedAccounts({name: PLACE.format(name) for name in names}, beside)


def write(home: Home, *names: str) -> None:
    home.here.write_text("".join(ACCOUNT.format(name=name) for name in names), encoding="utf-8")


AGREED: dict[str, tuple[NamedAccounts, str | None, Mapping[str, str], set[str], str | None]] = {
    "one mapping, several accounts": (named("prod"), None, {}, {"prod"}, None),
    "two mappings, two accounts": (named("prod", "test"), None, {}, {"prod", "test"}, None),
    "the flag says the same": (named("prod"), "prod", {}, {"prod"}, None),
    "the variable says the same": (named("prod"), None, {"ETL_ACCOUNT": "prod"}, {"prod"}, None),
    "the flag goes before the variable": (named("prod"), "prod", {"ETL_ACCOUNT": "test"}, {"prod"}, None),
    "the variables' own account": (named("env"), None, KEYS, {"env"}, None),
    "one mapping names none": (named("prod", beside=True), "prod", {}, {"prod"}, "prod"),
}


@pytest.mark.parametrize(("said", "flag", "environ", "accounts", "default"), AGREED.values(), ids=AGREED)
def test_the_accounts_that_mappings_name(
    home: Home,
    said: NamedAccounts,
    flag: str | None,
    environ: Mapping[str, str],
    accounts: set[str],
    default: str | None,
) -> None:
    """Each account is there under its name; one for mappings that name none only where there is such a mapping."""
    write(home, "prod", "test")

    settings = load_settings(environ, home.cwd, flag, directories=home.directories, named=said)

    assert {name: account.name for name, account in settings.accounts.items()} == {name: name for name in accounts}
    assert (settings.account.name if settings.account else None) == default


REFUSED: dict[str, tuple[NamedAccounts, str | None, Mapping[str, str], tuple[str, ...]]] = {
    "another flag": (named("prod"), "test", {}, ("-a test and m.yaml:3:10: account: prod", "Leave out -a")),
    "another variable": (
        named("prod"),
        None,
        {"ETL_ACCOUNT": "test"},
        ("ETL_ACCOUNT=test and m.yaml:3:10: account: prod", "Leave out ETL_ACCOUNT"),
    ),
    "the variables form an account": (named("prod"), None, KEYS, ("account: prod and LSQ_ACCESS_KEY", "Unset LSQ_")),
    "one of two is the variables'": (named("env", "prod"), None, KEYS, ("account: prod and LSQ_ACCESS_KEY",)),
    "env without variables": (named("env"), None, {}, ("account: env", "none is set")),
    "misspelled": (named("prdo"), None, {}, ("m.yaml:3:10: account: prdo", "Did you mean prod?")),
    "another mapping names none": (named("prod", beside=True), None, {}, ("Several accounts are set up: prod, test",)),
}


@pytest.mark.parametrize(("said", "flag", "environ", "words"), REFUSED.values(), ids=REFUSED)
def test_two_names_at_once_are_refused(
    home: Home, said: NamedAccounts, flag: str | None, environ: Mapping[str, str], words: tuple[str, ...]
) -> None:
    """Where it is not clear which account is meant, both that name one are said, and what to do."""
    write(home, "prod", "test")

    with pytest.raises(UsageError) as caught:
        load_settings(environ, home.cwd, flag, directories=home.directories, named=said)

    assert all(part in caught.value.message for part in words), caught.value.message


def test_who_only_checks_a_sheet_need_not_have_the_keys(home: Home) -> None:
    """Where nothing is set up and the command can do without, a mapping's account is no reason to stop."""
    settings = load_settings({}, home.cwd, None, needs_account=False, directories=home.directories, named=named("prod"))

    assert (settings.account, settings.accounts) == (None, {})
