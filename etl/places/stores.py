"""The stores of this process, each opened by the first question and kept, and how a question is asked.

The libraries find their credentials themselves, and keep them; nothing of them is loaded before a URL is asked about.
"""

from __future__ import annotations

import logging
import os
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from etl.clock import SystemClock
from etl.errors import NetworkError, UsageError
from etl.places.address import Backend, backend_of
from etl.places.pieces import AT_ONCE
from etl.places.trouble import in_words
from etl.quoting import installing

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")
_FIRST_WAIT_SECONDS = 1.0
_CONNECT_SECONDS = 20
_OWN_OPTIONS: dict[str, dict[str, Any]] = {
    # Listings are asked for anew each time: another program puts files there while we look.
    "s3fs": {
        "use_listings_cache": False,
        "max_concurrency": AT_ONCE,
        "config_kwargs": {"connect_timeout": _CONNECT_SECONDS},
    },
    "gcsfs": {"use_listings_cache": False},
    "adlfs": {"use_listings_cache": False, "max_concurrency": AT_ONCE},
    # The library would believe any host otherwise; this makes it ask ~/.ssh/known_hosts.
    "sshfs": {"known_hosts": (), "connect_timeout": _CONNECT_SECONDS},
    "fsspec": {},
}
_TALKATIVE = ("gcsfs", "google", "adlfs", "azure", "s3fs", "botocore", "aiobotocore", "sshfs", "asyncssh", "fsspec")
_stores: dict[tuple[int, str, str], Any] = {}
_stores_lock = Lock()


def asked(url: str, done: str, ask: Callable[[Any], _T]) -> _T:
    """An answer of the store; what has failed for the moment is tried again, a bounded number of times."""
    attempts = backend_of(url).attempts
    for attempt in range(1, attempts + 1):
        try:
            return ask(store_of(url))
        except Exception as error:
            told = in_words(error, url, done)
            if isinstance(told, NetworkError):
                forget(url)  # its connection may be gone for good
            if not isinstance(told, NetworkError) or attempt == attempts:
                raise told from error
            SystemClock().sleep(_FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
    raise AssertionError("there is at least one attempt")


def store_of(url: str) -> Any:
    """The library's own object for a store, one for each host or account in a process."""
    key = _key(url)
    with _stores_lock:
        if key not in _stores:
            _stores[key] = _opened(url, backend_of(url))
        return _stores[key]


def _key(url: str) -> tuple[int, str, str]:
    backend = backend_of(url)
    host = url.partition("://")[2].partition("/")[0]
    return os.getpid(), backend.library, host if not backend.is_flat or "@" in host else ""


def forget(url: str) -> None:
    """Let go of a store; the next question opens it anew."""
    with _stores_lock:
        store = _stores.pop(_key(url), None)
    if store is not None:
        type(store).clear_instance_cache()


def _opened(url: str, backend: Backend) -> Any:
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415 — half a second with its backends, for who has files there

        __import__(backend.library)
    except ImportError as error:
        raise _missing(url, backend) from error
    for name in _TALKATIVE:  # what matters of it is raised: Python would print their warnings on stderr
        logging.getLogger(name).addHandler(logging.NullHandler())
    try:
        return url_to_fs(url, **_OWN_OPTIONS[backend.library])[0]
    except ImportError as error:
        raise _missing(url, backend) from error


def _missing(url: str, backend: Backend) -> UsageError:
    return UsageError(
        f"{url}: to read and write files of {backend.name} the package {backend.library} is needed, and it is not "
        f"installed. Install it with: {installing(backend.extra)}"
    )


def inner(store: Any, url: str) -> str:
    """The name by which the library knows a file: without scheme and host."""
    return str(store._strip_protocol(url))
