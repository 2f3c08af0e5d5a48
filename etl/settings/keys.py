"""The key pair out of a text, an environment variable, a file or a command; no message ever quotes a key."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.settings.places import absolute_path
from etl.settings.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_WAYS = 'a text, {env = "…"}, {file = "…"} or {command = "…"}'
_COMMAND_TIMEOUT_SECONDS = 60  # a person may have to type a passphrase
_LONGEST_KEY = 512  # those of LeadSquared have about 40 characters; more is a file of another kind
_OTHERS_MAY = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class KeyReader:
    """Reads the keys that one settings file names.

    environ: for `{env = …}`. folder: where relative paths start. allows_commands: the file is the user's own.
    runs_commands: False only tells where the key would come from; the key is empty then.
    what, check: what is read is called so in messages, and accepted by this; None: as a key of LeadSquared.
    """

    environ: Mapping[str, str]
    folder: Path
    allows_commands: bool
    runs_commands: bool = True
    what: str = "key"
    check: Callable[[str, str], Secret] | None = None

    def read(self, value: object, place: str) -> tuple[Secret, str]:
        """The key, and where it came from in words.

        Raises:  UsageError — none of the four ways, or the one named gives no usable key.
        """
        if isinstance(value, str):
            return self._checked(value, place), f"written in {place}"
        if not isinstance(value, dict) or len(value) != 1:
            raise UsageError(f"{place}: this is no {self.what}. Write {_WAYS}.")
        way, name = next(iter(value.items()))
        if way not in {"env", "file", "command"} or not isinstance(name, str) or not name.strip():
            raise UsageError(f"{place}: this is no {self.what}. Write {_WAYS}.")
        if way == "env":
            return self._from_variable(name, place)
        return self._from_file(name, place) if way == "file" else self._from_command(name, place)

    def _from_variable(self, name: str, place: str) -> tuple[Secret, str]:
        text = self.environ.get(name, "")
        if not text:
            state = "empty" if name in self.environ else "not set"
            raise UsageError(f"{place}: the environment variable {name} is {state}. Set it to the {self.what}.")
        return self._checked(text, f"{place}, variable {name}"), f"variable {name}, named in {place}"

    def _from_file(self, name: str, place: str) -> tuple[Secret, str]:
        path = absolute_path(name, self.folder)
        handed_in = self.environ.get("CREDENTIALS_DIRECTORY", "")
        text = _read_private_file(path, place, is_of_system=str(path.parent) == handed_in.rstrip("/"))
        return self._checked(text, f"{place}, file {path}"), f"file {path}, named in {place}"

    def _from_command(self, command: str, place: str) -> tuple[Secret, str]:
        if not self.allows_commands:
            raise UsageError(
                f"{place}: a command may be named in your own settings file only, because whoever can write "
                "this one could run programs as you. Use {env = …} or {file = …} here."
            )
        program = _words(command, place)[0]
        origin = f"printed by {program}, named in {place}"
        if not self.runs_commands:
            return Secret(""), f"{origin} (not run now)"
        return self._checked(_output(command, place), f"{place}, output of {program}"), origin

    def _checked(self, text: str, place: str) -> Secret:
        return (self.check or checked_key)(text, place)


def checked_key(text: str, place: str) -> Secret:
    """A key that can travel in a request header.

    White space and quotes around it are refused rather than taken off: a key that was pasted carelessly may be
    cut short as well, and the person can see that while LeadSquared would only answer that it is wrong.
    """
    if not text:
        raise UsageError(f"{place}: the key is empty. Copy it from LeadSquared again.")
    if text != text.strip():
        raise UsageError(f"{place}: there is white space before or after the key. Take it out.")
    if text[0] in "\"'" and text[0] == text[-1]:
        raise UsageError(f"{place}: the key stands in quotes that belong to it. Take them out.")
    if len(text) > _LONGEST_KEY:
        raise UsageError(f"{place}: {len(text)} characters are too many for a key. Is this the right text?")
    for position, character in enumerate(text, start=1):
        if not "!" <= character <= "~":
            raise UsageError(
                f"{place}: character {position} of the key is a space, a line break or a sign that no key has. "
                "Copy the key from LeadSquared again."
            )
    return Secret(text)


def _read_private_file(path: Path, place: str, *, is_of_system: bool = False) -> str:
    """The text of a key file without the line end that editors put behind it.

    is_of_system: systemd has put it there for this service (systemd.exec(5), LoadCredential=). Who may read it an access
    control list says then, and the bits of the group show what that allows at most, not what the group may.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{place}: {path} is no file. Name the file that holds the key.")
        if os.name == "posix" and status.st_mode & (stat.S_IRWXO if is_of_system else _OTHERS_MAY):
            mode = f"{stat.S_IMODE(status.st_mode):04o}"
            raise UsageError(
                f"{place}: {path} has the permissions {mode}, so other users of this machine may use the key. "
                f"Run: chmod 600 {shlex.quote(str(path))}"
            )
        content = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{place}: there is no file {path}. Correct the path.") from None
    except OSError as error:
        raise UsageError(f"{place}: {path} cannot be read: {error.strerror}. Correct its permissions.") from None
    return _without_line_end(content)


def _output(command: str, place: str) -> str:
    """What the command prints; what it says on stderr goes to the person, who may be asked for a passphrase."""
    words = _words(command, place)
    try:
        # No shell. The command is the user's own, from the settings file that only this user writes.
        done = subprocess.run(words, stdout=subprocess.PIPE, timeout=_COMMAND_TIMEOUT_SECONDS, check=False)  # noqa: S603 — see above
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"{place}: {words[0]} gave no answer within {_COMMAND_TIMEOUT_SECONDS} seconds. Try it in a terminal."
        ) from None
    except OSError as error:
        raise UsageError(f"{place}: {words[0]} cannot be started: {error.strerror}. Is it installed?") from None
    if done.returncode != 0:
        raise UsageError(f"{place}: {words[0]} failed with exit code {done.returncode}. Try it in a terminal.")
    return _without_line_end(done.stdout)


def _words(command: str, place: str) -> list[str]:
    try:
        words = shlex.split(command, posix=os.name == "posix")
    except ValueError:
        words = []
    if not words:
        raise UsageError(f"{place}: the command cannot be read: a quote is open or it is empty. Correct it.")
    return words


def _without_line_end(content: bytes) -> str:
    """Bytes that are no UTF-8 become signs that `checked_key` refuses; an exception would carry the key along."""
    text = content.decode("utf-8-sig", errors="replace")
    return text.removesuffix("\n").removesuffix("\r")


def readable_by_others(path: Path) -> bool:
    """Whether other users of this machine may read a file; always False where the system has no such permissions."""
    return os.name == "posix" and bool(path.stat().st_mode & _OTHERS_MAY)
