"""The settings file is added to without touching what stands there, or left as it is."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import UsageError
from etl.settings import Secret
from etl.settings.write import add_account, keep_key, key_files, set_in_account

VALUES = {"host": "api-in21.leadsquared.com", "access_key": {"file": "keys/prod.access"}, "secret_key": {"env": "S"}}
BLOCK = """\
[accounts.prod]
host = "api-in21.leadsquared.com"
access_key = {file = "keys/prod.access"}
secret_key = {env = "S"}
"""

BEFORE = {
    "no file": (None, BLOCK),
    "an empty file": ("", BLOCK),
    "other accounts and comments": (
        '# mine\nledger = "/srv/l.db"  # big disk\n\n[accounts.test]\naccess_key = "a"\nsecret_key = "b"\n',
        '# mine\nledger = "/srv/l.db"  # big disk\n\n[accounts.test]\naccess_key = "a"\nsecret_key = "b"\n\n' + BLOCK,
    ),
    "no line end behind the last line": ('ledger = "l.db"', 'ledger = "l.db"\n\n' + BLOCK),
    "line ends and mark of Windows": (
        '\ufeffledger = "l.db"\r\n',
        '\ufeffledger = "l.db"\r\n\r\n' + BLOCK.replace("\n", "\r\n"),
    ),
}


@pytest.mark.parametrize(("before", "after"), BEFORE.values(), ids=BEFORE)
def test_an_account_goes_behind_what_is_there(tmp_path: Path, before: str | None, after: str) -> None:
    """Every byte that stood there stays; a new file is for its owner alone."""
    path = tmp_path / "config" / "etl.toml"
    if before is not None:
        path.parent.mkdir()
        path.write_bytes(before.encode())

    add_account(path, "prod", VALUES)

    assert path.read_bytes().decode() == after
    if before is None:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["etl.toml"]


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    """A settings file that lies elsewhere and is linked to stays there, readable as before."""
    true = tmp_path / "true.toml"
    true.write_text("")
    true.chmod(0o640)
    (tmp_path / "etl.toml").symlink_to(true)

    add_account(tmp_path / "etl.toml", "prod", VALUES)

    assert (tmp_path / "etl.toml").is_symlink()
    assert stat.S_IMODE(true.stat().st_mode) == 0o640
    assert "prod" in true.read_text()


REFUSED = {
    "an account of that name": (
        '[accounts.prod]\naccess_key = "a"\nsecret_key = "b"\n',
        "prod",
        "describes an account prod already",
    ),
    "the name of the variables' account": ("", "env", "belongs to the account of the LSQ_"),
    "no name": ("", " ", "is no name for an account"),
    "a name like an option": ("", "-a", "is no name for an account"),
    "accounts in one line": (
        'accounts = {test = {access_key = "a", secret_key = "b"}}\n',
        "prod",
        "Write into it by hand:\n\\[accounts.prod\\]",
    ),
    "no TOML": ("[accounts.test\n", "prod", "no valid TOML"),
}


@pytest.mark.parametrize(("before", "name", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_added_leaves_the_file_alone(tmp_path: Path, before: str, name: str, said: str) -> None:
    """Never overwritten, never half changed."""
    path = tmp_path / "etl.toml"
    path.write_text(before)

    with pytest.raises(UsageError, match=said):
        add_account(path, name, VALUES)

    assert path.read_text() == before


SETTING = {
    "changed, its comment kept": (
        "[accounts.prod]\nvisibility_wait = 90  # measured in May\nshare = 0.5\n",
        "[accounts.prod]\nvisibility_wait = 170  # measured in May\nshare = 0.5\n",
    ),
    "added to its account": (
        "[accounts.test]\nshare = 1.0\n[accounts.prod]  # the real one\nshare = 0.5\n",
        "[accounts.test]\nshare = 1.0\n[accounts.prod]  # the real one\nvisibility_wait = 170\nshare = 0.5\n",
    ),
    "a quoted name": ('[accounts."prod"]\nshare = 0.5', '[accounts."prod"]\nvisibility_wait = 170\nshare = 0.5'),
    "nothing behind the header": ("[accounts.prod]", "[accounts.prod]\nvisibility_wait = 170\n"),
    "another account's value": (
        "[accounts.prod]\n[accounts.test]\nvisibility_wait = 5\n",
        "[accounts.prod]\nvisibility_wait = 170\n[accounts.test]\nvisibility_wait = 5\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), SETTING.values(), ids=SETTING)
def test_one_setting_changes_and_nothing_else(tmp_path: Path, before: str, after: str) -> None:
    """Order, comments and other accounts stay."""
    path = tmp_path / "etl.toml"
    path.write_text(before)

    set_in_account(path, "prod", "visibility_wait", 170)

    assert path.read_text() == after


@pytest.mark.parametrize(
    "before",
    [
        "accounts = {prod = {share = 0.5}}\n",
        "[accounts]\nprod.share = 0.5\n",
        '[accounts.prod]\nvisibility_wait = """\n9"""\n',
    ],
    ids=["in one line", "dotted", "over several lines"],
)
def test_a_setting_that_cannot_be_changed_safely_is_named_for_the_person(tmp_path: Path, before: str) -> None:
    """The file stays, and the message says what to write."""
    path = tmp_path / "etl.toml"
    path.write_text(before)

    with pytest.raises(UsageError, match=r"by hand:\n\[accounts.prod\]\nvisibility_wait = 170"):
        set_in_account(path, "prod", "visibility_wait", 170)

    assert path.read_text() == before


@given(
    st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=12).filter(
        lambda name: name.strip() and name.isprintable() and name[0] != "-" and name != "env"
    )
)
def test_any_name_is_read_back_as_it_was_given(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Names that TOML has to quote are quoted."""
    path = tmp_path_factory.mktemp("settings") / "etl.toml"
    add_account(path, name, VALUES)

    assert tomllib.loads(path.read_text("utf-8")) == {"accounts": {name: VALUES}}


def test_a_key_is_for_its_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    """0600 from the start, in a folder of its own; a file that is there stays."""
    access, secret = key_files(tmp_path, "prod")
    keep_key(access, Secret("AK$1"))
    with pytest.raises(UsageError, match="not overwritten") as caught:
        keep_key(access, Secret("AK$2"))

    assert (access.read_text(), stat.S_IMODE(access.stat().st_mode)) == ("AK$1\n", 0o600)
    assert stat.S_IMODE(access.parent.stat().st_mode) == 0o700
    assert secret.name == "prod.secret"
    assert "AK$" not in str(caught.value)


@pytest.mark.parametrize("name", ["a/b", "..", "C:x", "é", ""], ids=["folder", "up", "drive", "letter", "none"])
def test_a_name_that_is_no_file_name_gets_no_key_file(tmp_path: Path, name: str) -> None:
    """No key is written outside the folder of keys."""
    with pytest.raises(UsageError, match="cannot be part of a file's name"):
        key_files(tmp_path, name)
