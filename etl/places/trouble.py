"""What a library's error means for a person. The libraries share no exceptions, so they are told by the names of their classes.

not there                 FileNotFoundError, as of a file; a missing bucket, in words
no or wrong credentials   UsageError: where that library looks for them
access denied             UsageError: what was denied, which rights it takes
cannot be reached         NetworkError: the same command goes on later
anything else             UsageError with the library's own words
"""

from __future__ import annotations

import errno
import re
from typing import Any

from etl.errors import EtlError, NetworkError, UsageError
from etl.places.address import backend_of

_NO_CREDENTIALS = frozenset(
    {
        *(
            "NoCredentialsError",
            "PartialCredentialsError",
            "CredentialRetrievalError",
            "ProfileNotFound",
            "TokenRetrievalError",
        ),
        *("UnauthorizedSSOTokenError", "SSOTokenLoadError", "DefaultCredentialsError", "RefreshError"),
        *("CredentialUnavailableError", "ClientAuthenticationError", "PermissionDenied", "KeyImportError"),
    }
)
_UNREACHABLE = frozenset(
    {
        *(
            "ConnectionError",
            "TimeoutError",
            "gaierror",
            "FSTimeoutError",
            "HTTPClientError",
            "EndpointConnectionError",
        ),
        *(
            "ConnectTimeoutError",
            "ReadTimeoutError",
            "ConnectionClosedError",
            "ClientConnectionError",
            "ClientPayloadError",
        ),
        *("ServiceRequestError", "ServiceResponseError", "TransportError", "ConnectionLost", "DisconnectError"),
        *("IncompleteRead", "ResponseParserError", "SFTPConnectionLost", "SFTPNoConnection"),
    }
)
_UNKNOWN_HOST_KEY = frozenset({"HostKeyNotVerifiable"})
_BUSY = frozenset(
    {
        *(errno.EBUSY, errno.ECONNREFUSED, errno.ETIMEDOUT, errno.EHOSTUNREACH),
        getattr(errno, "EREMOTEIO", errno.EBUSY),  # some systems have none
    }
)
_UNAUTHORIZED, _FORBIDDEN, _HTTP_BUSY = 401, 403, frozenset({408, 429, 500, 502, 503, 504})
_NOT_GIVEN = "unable to connect to account for Must provide"  # adlfs, a ValueError
_SECRET_PARTS = re.compile(r"\?\S+|://[^/\s@]*:[^/\s@]*@")
_MOST_WORDS = 300
_RIGHTS = "read, write, list and delete"


def in_words(error: BaseException, url: str, done: str) -> Exception:
    """The error to raise. done: what was to be done with the URL: read, written, listed, looked at, deleted."""
    if isinstance(error, (EtlError, FileNotFoundError, FileExistsError)):
        return _of_bucket(error, url) or error
    names = {kind.__name__ for kind in type(error).__mro__}
    backend, said = backend_of(url), _said(error)
    if names & _UNKNOWN_HOST_KEY:
        return UsageError(
            f"{url} cannot be {done}: the key of this host is not in ~/.ssh/known_hosts, so it may be another one. Log in once "
            "by ssh, compare the key it shows with that of the host, and run the same command again."
        )
    if names & _NO_CREDENTIALS or _status(error) == _UNAUTHORIZED or str(error).startswith(_NOT_GIVEN):
        return UsageError(
            f"{url} cannot be {done}: {backend.library} has found no credentials that are taken there ({said}). They are not "
            f"set in etl, but where {backend.library} looks for them: {backend.own_settings}."
        )
    if isinstance(error, PermissionError) or _status(error) == _FORBIDDEN:
        return UsageError(
            f"{url} cannot be {done}: access denied ({said}). The credentials must allow to {_RIGHTS} there; {backend.library} "
            f"takes them from: {backend.own_settings}."
        )
    if names & _UNREACHABLE or _status(error) in _HTTP_BUSY or (isinstance(error, OSError) and error.errno in _BUSY):
        return NetworkError(
            f"{url} cannot be {done}: {backend.name} cannot be reached now ({said}). It was tried several times. Run the same "
            "command again when it can be."
        )
    return UsageError(f"{url} cannot be {done}: {said}. Check the URL, and your rights there.")


def _status(error: BaseException) -> int | None:
    """The number of an answer by HTTP, where an error tells it: azure's as status_code, gcsfs' as code or, of 403, in words."""
    if isinstance(error, OSError) and str(error).startswith("Forbidden: "):
        return _FORBIDDEN
    told: object = getattr(error, "status_code", None) or getattr(error, "code", None)
    return int(str(told)) if str(told).isdecimal() else None


def is_of_bucket(error: BaseException) -> bool:
    """Whether what is not there is the bucket, which is another mistake than a file that is not; only some answers tell."""
    is_told = _code(error) == "NoSuchBucket" or getattr(error, "strerror", None) == "No such container"
    return isinstance(error, FileNotFoundError) and is_told


def is_of_upload(error: BaseException) -> bool:
    """Whether what is not there is an upload that had begun. Only S3 tells."""
    return _code(error) == "NoSuchUpload"


def _code(error: BaseException) -> str | None:
    """S3's own word for what is wrong (Error Responses)."""
    answer: Any = getattr(error.__cause__, "response", None)
    return answer.get("Error", {}).get("Code") if isinstance(answer, dict) else None


def is_not_there(error: BaseException) -> bool:
    """Whether what was asked for is not there; adlfs has Azure's own error in some places."""
    return isinstance(error, FileNotFoundError) or type(error).__name__ == "ResourceNotFoundError"


def _of_bucket(error: BaseException, url: str) -> UsageError | None:
    return no_bucket(url) if is_of_bucket(error) else None


def no_bucket(url: str) -> UsageError:
    """What is said where a bucket is missing. Azure calls it a container."""
    bucket = url.partition("://")[2].partition("/")[0]
    return UsageError(f"{url}: there is no bucket {bucket}. Correct the URL, or make the bucket.")


def given_up(url: str) -> UsageError:
    """What is said where the bucket is there, and what had been sent of a file is not."""
    return UsageError(
        f"{url} cannot be written: its upload was given up from outside before it was complete. Another program writes to the "
        "same place, or tidies up there. Make sure that nothing else does, and run the same command again."
    )


def _said(error: BaseException) -> str:
    """The library's words, on one line, without what may be a secret."""
    words = (getattr(error, "strerror", None) or str(error) or "").partition("RequestId:")[0].strip()  # Azure's tail
    first = " ".join(_SECRET_PARTS.sub("…", words).split())[:_MOST_WORDS].rstrip(".")
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
