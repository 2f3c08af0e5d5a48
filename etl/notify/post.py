"""Requests to web addresses: webhooks, chats, pings. No redirect is followed and nothing is repeated.

The libraries' own errors quote addresses, which are secrets here; so they are told in other words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from etl.notify.trouble import NotToldError, late, why_of, words_of_answer
from etl.settings.host import is_loopback

if TYPE_CHECKING:
    from requests import PreparedRequest

    from etl.settings.notifier import Notifier

_MOST_ANSWER = 2000


def post(notifier: Notifier, address: str, body: bytes, content_type: str) -> None:
    """Post a body, and be content with any answer of the kind 2xx.

    Raises: NotToldError — there was no connection, no answer in time, or one that says no.
    """
    import requests  # noqa: PLC0415 — slow to load: only where somebody is told

    headers = {"Content-Type": content_type, "User-Agent": "etl"}
    if notifier.token is not None:
        headers["Authorization"] = f"Bearer {notifier.token.reveal()}"
    host = urlsplit(address).hostname or ""
    with requests.Session() as session:
        session.trust_env = not is_loopback(host)  # a proxy has no business with servers on this machine
        try:
            answer = session.post(
                address,
                data=body,
                headers=headers,
                timeout=notifier.timeout_seconds,
                allow_redirects=False,
                stream=True,
                auth=_as_it_is,
            )
            with answer:
                if 200 <= answer.status_code < 300:
                    return
                said = answer.raw.read(_MOST_ANSWER, decode_content=True).decode("utf-8", errors="replace")
        except requests.Timeout:
            raise late(notifier) from None
        except requests.RequestException as error:
            raise NotToldError(f"{host}: {why_of(error)}") from None
        except Exception as error:  # noqa: BLE001 — what is below requests comes through while an answer is read
            raise NotToldError(f"{host}: {why_of(error)}") from None
    raise NotToldError(_refusal(host, answer.status_code, words_of_answer(said, notifier.secrets)))


def _refusal(host: str, status: int, said: str) -> str:
    if 300 <= status < 400:
        return f"{host} answers that the address is another one by now ({status}). Write the new one in the settings"
    return f"{host} answered {status}" + (f": {said}" if said and not said.startswith("<") else "")


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    """Add no login. Without this a netrc file of the user would be asked for one, and its answer replace our token."""
    return request
