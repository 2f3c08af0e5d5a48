"""A ping address in the manner of healthchecks: ADDRESS/start at the start, ADDRESS/EXIT_STATUS at the end.

Who watches it notices what nobody here could tell: that a night's job did not start, or never came to its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from etl.notify.payloads import for_ping
from etl.notify.post import post

if TYPE_CHECKING:
    from etl.notify.notice import Notice
    from etl.settings.notifier import Notifier

START = "start"
_TEXT = "text/plain; charset=utf-8"


def address_of(address: str, what: str) -> str:
    """`https://hc-ping.com/UUID/start`: the address with one step more in its path; a query stays behind it."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{what}"))


def tell_start(notifier: Notifier, address: str) -> None:
    """That a command begins."""
    post(notifier, address_of(address, START), b"", _TEXT)


def tell_end(notifier: Notifier, address: str, notice: Notice) -> None:
    """With which exit status it ended; 0 is success, all others are failures there."""
    post(notifier, address_of(address, str(int(notice.exit_code))), for_ping(notice), _TEXT)
