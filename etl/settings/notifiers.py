"""`[notify]` of the settings file: who is told how an import ended.

    [notify]
    when = "attention"            # success, attention (default) or both; also timeout and show_values
    [notify.office]
    slack = {file = "/etc/etl/slack.url"}
    [notify.mail]
    smtp = "mail.example.com:587"
    user = "imports"
    password = {env = "SMTP_PASSWORD"}
    from = "imports@example.com"
    to = ["submitter", "operations@example.com"]

What is written wrongly is refused before anything is sent. A secret that cannot be read now is no reason to keep an
import back: its notifier carries the problem, and it is told like one that does not answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.quoting import shown
from etl.settings.host import is_loopback
from etl.settings.keys import KeyReader
from etl.settings.notifier import SUBMITTER, Kind, MailServer, Notifier, Security, When
from etl.settings.notifier_values import (
    checked_address,
    checked_text,
    comes_from_elsewhere,
    is_email,
    is_kept_private,
    parse_recipients,
    parse_security,
    parse_server,
)
from etl.settings.places import Directories, find_settings_file, user_directories
from etl.settings.toml_file import did_you_mean, read_settings_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from etl.settings.notifier_values import Check
    from etl.settings.secret import Secret
    from etl.settings.toml_file import SettingsFile

DEFAULT_TIMEOUT_SECONDS = 10.0
_MOST_TIMEOUT_SECONDS = 60
_SHARED = ("when", "timeout", "show_values")
_OF_KIND: Mapping[Kind, tuple[str, ...]] = {
    Kind.WEBHOOK: ("token",),
    Kind.SMTP: ("user", "password", "security", "from", "to"),
}
_KINDS = tuple(kind.value for kind in Kind)


def load_notifiers(
    environ: Mapping[str, str], cwd: Path, directories: Directories | None = None, *, runs_commands: bool = True
) -> tuple[Notifier, ...]:
    """Everybody who is to be told, in the order of the settings file; nobody without one.

    runs_commands: False only tells where an address comes from, where a command prints it.
    Raises:  UsageError — something there is no setting, or not what its setting means.
    """
    directories = directories or user_directories()
    path = find_settings_file(environ, cwd, directories)
    if path is None:
        return ()
    file = read_settings_file(path)
    if file.notify is None:
        return ()
    is_own = path.resolve() == directories.user_settings.resolve()
    return _Reader(file, KeyReader(environ, path.parent, is_own, runs_commands)).notifiers()


@dataclass(frozen=True, slots=True)
class _Reader:
    file: SettingsFile
    keys: KeyReader

    def notifiers(self) -> tuple[Notifier, ...]:
        table = self.file.notify
        if not isinstance(table, dict):
            raise UsageError(f"{self.file.path}: notify is no table. Write each notifier below a line [notify.NAME].")
        shared = {name: value for name, value in table.items() if name in _SHARED}
        for name, entry in table.items():
            if name not in _SHARED and not isinstance(entry, dict):
                raise UsageError(
                    f"{self.file.place('notify', name)}: this is no setting. {did_you_mean(name, _SHARED)}"
                    f"Known here: {', '.join(_SHARED)}; and a notifier is written below a line [notify.NAME]."
                )
        self._shared(shared, ("notify",))
        return tuple(self._one(name, shared | entry) for name, entry in table.items() if name not in _SHARED)

    def _one(self, name: str, entry: Mapping[str, object]) -> Notifier:
        place = self.file.place("notify", name)
        if not name.strip() or not name.isprintable():
            raise UsageError(
                f"{self.file.path}: {shown(name)} is no name for a notifier. Choose one that can be typed."
            )
        named = [kind for kind in Kind if kind.value in entry]
        if len(named) != 1:
            found = "and none stands there" if not named else f"and there are {' and '.join(named)}"
            raise UsageError(f"{place}: a notifier has one of {', '.join(_KINDS)}, {found}. Write one of them.")
        kind = named[0]
        known = (kind.value, *_OF_KIND.get(kind, ()), *_SHARED)
        for setting in entry:
            if setting not in known:
                raise UsageError(
                    f"{place}.{setting} is no setting of a notifier by {kind.value}. {did_you_mean(setting, known)}"
                    f"Known here: {', '.join(known)}."
                )
        when, timeout, shows_values = self._shared(entry, ("notify", name))
        if kind is Kind.SMTP:
            mail, problem = self._mail(name, entry)
            return Notifier(name, kind, when, timeout, shows_values, mail=mail, problem=problem, origin=f"{place}.smtp")
        address, origin, problem = self._secret(name, kind.value, entry, checked_address(kind))
        token = None
        if "token" in entry:
            token, _, token_problem = self._secret(name, "token", entry, checked_text)
            problem = problem or token_problem
            if address is not None and not is_kept_private(address):
                raise UsageError(f"{place}.token: a token is sent over https only, and the address is http.")
        return Notifier(name, kind, when, timeout, shows_values, address, token, None, problem, origin)

    def _shared(self, entry: Mapping[str, object], names: tuple[str, ...]) -> tuple[When, float, bool]:
        """What every kind may say, with its default."""
        when, timeout = entry.get("when", "attention"), entry.get("timeout", DEFAULT_TIMEOUT_SECONDS)
        shows_values = entry.get("show_values", False)
        if not isinstance(when, str) or when not in tuple(When):
            words = ", ".join(When)
            raise UsageError(f"{self.file.place(*names, 'when')}: {shown(when)} is none of {words}. Write one of them.")
        if (
            isinstance(timeout, bool)
            or not isinstance(timeout, int | float)
            or not 1 <= timeout <= _MOST_TIMEOUT_SECONDS
        ):
            raise UsageError(
                f"{self.file.place(*names, 'timeout')}: {shown(timeout)} is no time to wait. Write a number of seconds "
                f"from 1 to {_MOST_TIMEOUT_SECONDS}, without quotes."
            )
        if not isinstance(shows_values, bool):
            raise UsageError(f"{self.file.place(*names, 'show_values')}: write true or false, without quotes.")
        return When(when), float(timeout), shows_values

    def _mail(self, name: str, entry: Mapping[str, object]) -> tuple[MailServer, str | None]:
        place = self.file.place("notify", name)
        host, port = parse_server(entry["smtp"], f"{place}.smtp")
        security = parse_security(entry.get("security"), port, f"{place}.security")
        sender = entry.get("from")
        if not isinstance(sender, str) or not is_email(sender):
            raise UsageError(f'{place}.from: say which address e-mail comes from, like from = "imports@example.com".')
        user = entry.get("user")
        if (user is None) != ("password" not in entry) or not isinstance(user, str | None) or user == "":
            raise UsageError(f"{place}: user and password belong together, as texts. Write both, or neither.")
        password, problem = None, None
        if user is not None:
            if security is Security.NONE and not is_loopback(host.strip("[]")):
                raise UsageError(
                    f"{place}.security: a password is not sent over an open line. Write starttls or tls, or leave out "
                    "user and password."
                )
            password, _, problem = self._secret(name, "password", entry, checked_text)
        recipients = parse_recipients(entry.get("to", [SUBMITTER]), f"{place}.to")
        return MailServer(host, port, security, sender, recipients, user, password), problem

    def _secret(
        self, name: str, setting: str, entry: Mapping[str, object], check: Check
    ) -> tuple[Secret | None, str, str | None]:
        """The secret, where it comes from, and why there is none: an environment, file or command that fails just now.

        What stands in the settings file itself is refused where it is wrong, like every setting.
        """
        place, value = self.file.place("notify", name, setting), entry[setting]
        what = setting if setting in {"password", "token"} else "address"
        reader = KeyReader(
            self.keys.environ, self.keys.folder, self.keys.allows_commands, self.keys.runs_commands, what, check
        )
        try:
            secret, origin = reader.read(value, place)
        except UsageError as error:
            if not comes_from_elsewhere(value) or ("command" in value and not self.keys.allows_commands):
                raise
            return None, place, error.message
        return (secret if secret.reveal() else None), origin, None
