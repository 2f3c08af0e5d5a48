"""Changing the user's settings file: one account more, or one setting of an account. Everything else stays as it is.

The file is edited as text, so that comments, order and spelling stay. What came out is read again before it takes the
old one's place: unless it says exactly what it said before and the one new thing, nothing is written.
"""

from __future__ import annotations

import copy
import json
import os
import re
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.errors import UsageError
from etl.quoting import shown
from etl.settings.toml_file import ENVIRONMENT_ACCOUNT, read_settings_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.settings.secret import Secret

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,60}")
_MARK = "\ufeff"


def check_new_account(path: Path, name: str) -> None:
    """Refuse a name that no account can have, or that one has.

    Raises:  UsageError — also where the settings file cannot be read.
    """
    if not name.strip() or not name.isprintable() or name.startswith("-"):
        raise UsageError(
            f"{shown(name)} is no name for an account. Choose one that can be typed after -a, such as prod."
        )
    if name == ENVIRONMENT_ACCOUNT:
        raise UsageError(
            "The name env belongs to the account of the LSQ_* variables. Choose another one, such as prod."
        )
    if path.exists() and name in read_settings_file(path).accounts:
        raise UsageError(
            f"{path} describes an account {name} already, and it is not overwritten. Choose another name, or take that "
            f"part out of the file first."
        )


def add_account(path: Path, name: str, values: Mapping[str, object]) -> None:
    """Write a new account behind all others. values: setting → a text, or a table such as `{"file": "…"}`.

    Raises:  UsageError — it cannot be written; what has to be added by hand is in the message.
    """
    check_new_account(path, name)
    before = _text(path)
    newline = "\r\n" if "\r\n" in before else "\n"
    lines = [f"[accounts.{_key(name)}]", *(f"{setting} = {_literal(value)}" for setting, value in values.items())]
    block = newline.join(lines) + newline
    gap = "" if not before.strip(_MARK) else newline if before.endswith("\n") else newline * 2
    expected = _parsed(before)
    expected.setdefault("accounts", {})[name] = dict(values)
    _put(path, before + gap + block, expected, block)


def set_in_account(path: Path, name: str, setting: str, value: int) -> None:
    """Set one setting of an account that the file describes; a comment behind the old value stays.

    Raises:  UsageError — it cannot be written; what has to be changed by hand is in the message.
    """
    before = _text(path)
    lines = before.splitlines(keepends=True)
    expected = copy.deepcopy(_parsed(before))
    expected.get("accounts", {}).get(name, {})[setting] = value
    _change(lines, name, setting, value)
    _put(path, "".join(lines), expected, f"[accounts.{_key(name)}]\n{setting} = {value}\n")


def keep_key(path: Path, key: Secret) -> None:
    """Write a key into a file of its own that only this user may read; never over another file.

    Raises:  UsageError — there is such a file already, or it cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(
            f"{path} is there already, and it is not overwritten. Move it away, or choose another name."
        ) from None
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}. Correct the permissions of its folder."
        ) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.reveal() + "\n")


def key_files(folder: Path, name: str) -> tuple[Path, Path]:
    """Where the two keys of an account lie: below the folder of the settings file.

    Raises:  UsageError — the account's name cannot be that of a file.
    """
    if not _FILE_NAME.fullmatch(name):
        raise UsageError(f"{shown(name)} cannot be part of a file's name. Choose a name of letters, digits, - and _.")
    return folder / "keys" / f"{name}.access", folder / "keys" / f"{name}.secret"


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError):
        read_settings_file(path)  # says what is wrong
        raise


def _parsed(text: str) -> dict[str, Any]:
    return tomllib.loads(text.removeprefix(_MARK))


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _literal(name)


def _literal(value: object) -> str:
    """TOML 1.0: a basic string escapes as JSON does; an inline table stands on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_literal(held)}" for key, held in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def _change(lines: list[str], name: str, setting: str, value: int) -> None:
    """Change or add the line within the account's part. Where there is no such part nothing changes: `_put` sees it."""
    start = next((at for at, line in enumerate(lines) if _opens(line, name)), None)
    if start is None:
        return
    for at in range(start + 1, len(lines)):
        if lines[at].lstrip().startswith("["):
            break
        found = re.match(rf"(\s*{setting}\s*=\s*)[^#\s]*(.*)", lines[at], re.DOTALL)
        if found:
            lines[at] = f"{found[1]}{value}{found[2]}"
            return
    ending = "\r\n" if lines[start].endswith("\r\n") else "\n"
    lines[start] = lines[start].rstrip("\r\n") + ending
    lines.insert(start + 1, f"{setting} = {value}{ending}")


def _opens(line: str, name: str) -> bool:
    """Whether this line begins the account's part, however its name is quoted."""
    if not line.lstrip(_MARK).lstrip().startswith("["):
        return False
    try:
        return _parsed(line) == {"accounts": {name: {}}}
    except tomllib.TOMLDecodeError:
        return False


def _says(text: str, expected: Mapping[str, Any]) -> bool:
    try:
        return _parsed(text) == expected
    except tomllib.TOMLDecodeError:
        return False


def _put(path: Path, text: str, expected: Mapping[str, Any], by_hand: str) -> None:
    if not _says(text, expected):
        raise UsageError(
            f"{path} is written in a way that cannot be added to safely, and was left as it is. Write into it by hand:\n{by_hand}"
        )
    target = path.resolve()  # a link stays a link
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(target, text.encode("utf-8"))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}. Correct its permissions, or write into it by hand:\n{by_hand}"
        ) from None


def _replace(target: Path, content: bytes) -> None:
    """Write beside and rename, with the permissions that the file had; a new one is for this user alone."""
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
    descriptor, beside = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(mode)
        Path(beside).replace(target)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
