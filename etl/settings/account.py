"""One account: its values checked, its keys read, and for each setting the place it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.settings import model
from etl.settings.host import parse_host
from etl.settings.keys import readable_by_others
from etl.settings.toml_file import ACCOUNT_SETTINGS
from etl.settings.values import parse_daily_requests, parse_lead_link, parse_limit, parse_seconds, parse_share

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from etl.settings.secret import Secret
    from etl.settings.sources import AccountSource

    Value = TypeVar("Value")

DEFAULT_ORIGIN = "default"


def resolve_account(source: AccountSource) -> model.Account:
    """The account that a source describes.

    Raises:  UsageError — a key is missing or unusable, or a value is not what its setting means.
    """
    _refuse_missing_keys(source)
    origins = {setting: source.places.get(setting, "") for setting in source.values}
    return model.Account(
        name=source.name,
        base_url=_value(source, "host", parse_host, None),
        access_key=_key(source, "access_key", origins),
        secret_key=_key(source, "secret_key", origins),
        bulk_limit=_value(source, "bulk_limit", parse_limit, model.DEFAULT_LIMIT),
        limit=_value(source, "limit", parse_limit, model.DEFAULT_LIMIT),
        share=_value(source, "share", parse_share, model.DEFAULT_SHARE),
        daily_requests=_value(source, "daily_requests", parse_daily_requests, None),
        visibility_wait_seconds=_value(source, "visibility_wait", parse_seconds, model.DEFAULT_VISIBILITY_WAIT_SECONDS),
        late_wait_seconds=_value(source, "late_wait", parse_seconds, model.DEFAULT_LATE_WAIT_SECONDS),
        lead_link=_value(source, "lead_link", parse_lead_link, None),
        origins={setting: origins.get(setting, DEFAULT_ORIGIN) for setting in ACCOUNT_SETTINGS},
    )


def _value(source: AccountSource, setting: str, parse: Callable[[object, str], Value], default: Value) -> Value:
    if setting not in source.values:
        return default
    return parse(source.values[setting], source.places[setting])


def _key(source: AccountSource, setting: str, origins: dict[str, str]) -> Secret:
    """The key, noting its origin; a key that stands in a file which others may read is told of there."""
    value, place = source.values[setting], source.places[setting]
    if source.file is None:
        key, _ = source.keys.read(value, place)
        return key
    key, origins[setting] = source.keys.read(value, place)
    if isinstance(value, str) and readable_by_others(source.file.path):
        origins[setting] += " (other users of this machine may read that file)"
    return key


def _refuse_missing_keys(source: AccountSource) -> None:
    missing = [setting for setting in ("access_key", "secret_key") if setting not in source.values]
    if not missing:
        return
    if source.file is not None:
        raise UsageError(
            f"{source.file.place('accounts', source.name)}: {_and(missing)} missing. LeadSquared gives keys in pairs; "
            f'write {missing[0]} = {{env = "…"}} or {{file = "…"}} there.'
        )
    variables = [source.places[setting] for setting in missing]
    present = [source.places[setting] for setting in source.values]
    raise UsageError(
        f"{_and(variables)} not set (or empty), while {present[0]} is set, which means the account of the LSQ_* "
        f"variables. Set {' and '.join(variables)}, or unset {present[0]} to use the settings file."
    )


def _and(names: list[str]) -> str:
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'}"
