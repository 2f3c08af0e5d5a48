"""Any other service, through the library apprise, which is not installed with etl: it is large, and most need none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.notify.trouble import NotToldError
from etl.notify.wording import subject, text

if TYPE_CHECKING:
    from etl.notify.notice import Notice
    from etl.settings.notifier import Notifier


def send(_notifier: Notifier, address: str, notice: Notice) -> None:
    """Hand it to apprise, which says only whether it worked.

    Raises: NotToldError — it is not installed, does not know the address, or could not deliver.
    """
    import logging  # noqa: PLC0415 — only where somebody is told

    try:
        import apprise  # noqa: PLC0415 — an extra, and slow to load
    except ImportError:
        raise NotToldError("apprise is not installed here. Run: pip install 'etl[apprise]'") from None
    log = logging.getLogger("apprise")  # what it says of failures may hold addresses
    log.addHandler(logging.NullHandler())
    log.propagate = False
    service = apprise.Apprise()
    if not service.add(address):
        raise NotToldError("apprise does not know this kind of address")
    if not service.notify(title=subject(notice), body=text(notice), body_format=apprise.NotifyFormat.TEXT):
        raise NotToldError(f"apprise could not deliver it to {address.partition('://')[0]}")
