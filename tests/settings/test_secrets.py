"""A secret shows itself nowhere but where it is asked for by name."""

from __future__ import annotations

import copy
import json
import os
import pickle
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from etl.errors import UsageError
from etl.settings import Account, Secret, Settings, masked_view
from etl.settings.keys import KeyReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.settings.conftest import Home

KEY = "u$r-very-secret"
HERE = Path("ledger_files")
PAIR = {"LSQ_ACCESS_KEY": KEY, "LSQ_SECRET_KEY": KEY}


def account() -> Account:
    """An account with a key to look for."""
    return Account("prod", None, Secret(KEY), Secret(KEY))


WAYS_TO_SHOW: dict[str, Callable[[], str]] = {
    "str": lambda: str(Secret(KEY)),
    "repr": lambda: repr(Secret(KEY)),
    "f-string": lambda: f"{Secret(KEY)} {Secret(KEY)!r}",
    "percent": lambda: "%s" % Secret(KEY),  # noqa: UP031 — one of the ways in which a secret gets into a log
    "account": lambda: repr(account()),
    "asdict": lambda: repr(asdict(account())),
    "json": lambda: json.dumps(asdict(account()), default=str),
    "deepcopy": lambda: repr(copy.deepcopy(account())),
    "settings": lambda: repr(Settings(account(), f"postgresql://etl:{KEY}@db.example.com/etl", HERE)),
    "shown-ledger": lambda: Settings(None, f"postgresql://etl:{KEY}@db.example.com/etl", HERE).ledger_shown,
    "view": lambda: repr(masked_view(Settings(account(), f"postgresql://etl:{KEY}@db.example.com/etl", HERE))),
}


@pytest.mark.parametrize("show", WAYS_TO_SHOW.values(), ids=WAYS_TO_SHOW.keys())
def test_a_secret_is_dots_in_every_way_of_showing_it(show: Callable[[], str]) -> None:
    """No usual way of turning things into text contains the key or a part of it."""
    shown = show()

    assert "secret" not in shown.replace("secret_key", "")
    assert "••••" in shown or "\\u2022" in shown


def test_a_secret_cannot_be_pickled() -> None:
    """A pickle would carry the key into a file or queue."""
    with pytest.raises(TypeError, match="not written anywhere"):
        pickle.dumps(account())


def test_secrets_are_equal_by_their_text() -> None:
    """Two secrets are the same if their keys are, and a text is no secret."""
    assert Secret("a") == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


BROKEN_KEYS = {"space": f" {KEY}", "control": f"{KEY}\x07", "quotes": f'"{KEY}"', "line": f"{KEY}\n{KEY}"}


@pytest.mark.parametrize("key", BROKEN_KEYS.values(), ids=BROKEN_KEYS.keys())
def test_a_refused_key_is_in_no_traceback(home: Home, key: str) -> None:
    """The message about an unusable key, and all exceptions behind it, are silent about the key."""
    with pytest.raises(UsageError) as caught:
        home.load(PAIR | {"LSQ_SECRET_KEY": key})

    assert "very-secret" not in "".join(traceback.format_exception(caught.value))


def test_a_key_file_in_another_encoding_leaves_no_trace(home: Home, secret_file: Callable[..., Path]) -> None:
    """A key file that is no text is refused, and no exception carries its bytes along."""
    path = secret_file("")
    path.write_bytes(b"\xff" + KEY.encode())
    home.here.write_text(f'[accounts.prod]\naccess_key = "a"\nsecret_key = {{file = "{path}"}}\n', encoding="utf-8")

    with pytest.raises(UsageError, match="character 1 of the key") as caught:
        home.load()
    assert caught.value.__context__ is None
    assert "very-secret" not in repr(caught.value)


def test_the_view_shows_every_setting_with_its_origin(home: Home) -> None:
    """`etl accounts` shows all values with their origins, the keys as dots."""
    view = masked_view(home.load(PAIR | {"LSQ_HOST": "api.leadsquared.com", "LSQ_SHARE": "0.5"}))

    assert [(shown.setting, shown.value, shown.origin) for shown in view] == [
        ("ledger", f"{home.directories.state}/ledger.db", "default"),
        ("settings file", "none", "default"),
        ("host", "https://api.leadsquared.com", "LSQ_HOST"),
        ("access_key", "••••", "LSQ_ACCESS_KEY"),
        ("secret_key", "••••", "LSQ_SECRET_KEY"),
        ("bulk_limit", "25/5", "default"),
        ("limit", "25/5", "default"),
        ("share", "0.5", "LSQ_SHARE"),
        ("daily_requests", "no budget", "default"),
        ("visibility_wait", "90 s", "default"),
        ("late_wait", "300 s", "default"),
        ("lead_link", "no links", "default"),
    ]


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such bits")
@pytest.mark.parametrize(("mode", "is_fine"), [(0o400, True), (0o440, True), (0o444, False)])
def test_a_key_that_systemd_hands_in(tmp_path: Path, mode: int, is_fine: bool) -> None:
    """Where an access control list says who may read it the bits of the group tell nothing; those of all others do."""
    path = tmp_path / "access_key"
    path.write_text(KEY)
    path.chmod(mode)
    reader = KeyReader({"CREDENTIALS_DIRECTORY": str(tmp_path)}, tmp_path, allows_commands=False)

    if is_fine:
        assert reader.read({"file": str(path)}, "access_key")[0].reveal() == KEY
    else:
        with pytest.raises(UsageError, match="other users of this machine"):
            reader.read({"file": str(path)}, "access_key")
