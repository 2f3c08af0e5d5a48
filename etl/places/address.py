"""What a URL may be: which backends there are, and what must not stand in one. Pure.

Only URLs that can be shown to everybody are taken: they stand in messages, in the log and in the ledger.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from etl.errors import UsageError
from etl.places.scheme import scheme_of


@dataclass(frozen=True, slots=True)
class Backend:
    """A kind of store. library: what has to be installed; extra: of ours, that brings it. name: in messages.

    is_flat: it has no folders, only names with slashes, and a file appears there whole by one upload. attempts: of ours, where
    the library does not try again by itself. own_settings: where the library finds its credentials, in words.
    """

    name: str
    library: str
    extra: str
    is_flat: bool
    attempts: int
    own_settings: str


_S3 = Backend("S3", "s3fs", "s3", True, 1, "AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ~/.aws")
_GS = Backend(
    "Google Cloud Storage",
    "gcsfs",
    "gs",
    True,
    1,
    "GOOGLE_APPLICATION_CREDENTIALS, or gcloud auth application-default login",
)
_AZ = Backend(
    "Azure Blob Storage",
    "adlfs",
    "az",
    True,
    1,
    "AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN, or az login",
)
_SFTP = Backend("SFTP", "sshfs", "sftp", False, 3, "the SSH agent, ~/.ssh/config and the keys in ~/.ssh")
_MEMORY = Backend("memory", "fsspec", "files", True, 1, "nothing: it lives in this process alone")

BACKENDS = {
    "s3": _S3,
    "gs": _GS,
    "gcs": _GS,
    "az": _AZ,
    "abfs": _AZ,
    "abfss": _AZ,
    "sftp": _SFTP,
    "ssh": _SFTP,
    "memory": _MEMORY,
}
"""By scheme. `file://` is a path of this machine, and never gets so far."""

_SIGNED = r"(?i)[?&](x-(amz|goog)-[a-z-]+|sig|signature|sv|token|accountkey|password|awsaccesskeyid)="
_SHOWN_SCHEMES = "s3://, gs://, az://, sftp:// and file://"


def backend_of(text: str) -> Backend:
    """The backend of a URL that was checked."""
    return BACKENDS[scheme_of(text)]


def checked_url(text: str) -> str:
    """A URL that can be read, written and shown, its scheme in small letters. `file://` URLs are for `local_path_of`.

    Raises:  UsageError — it holds a secret, which the message does not repeat; or names no backend, or no file of one.
    """
    scheme, rest = scheme_of(text), text.partition("://")[2]
    _refuse_secrets(scheme, rest)
    if scheme in {"http", "https", "ftp"}:
        raise UsageError(
            f"{scheme}://{rest}: files are not read from {scheme}:// addresses, because such a file may be another one a "
            f"moment later. Download it, or name it by {_SHOWN_SCHEMES}."
        )
    if scheme not in BACKENDS:
        raise UsageError(
            f"{text}: there is no {scheme}:// here. Files may lie at {_SHOWN_SCHEMES}, or on this machine."
        )
    parts = rest.rstrip("/").split("/")
    if scheme != "memory" and not parts[0]:
        what = "host" if BACKENDS[scheme] is _SFTP else "bucket"
        raise UsageError(f"{text}: the {what} is missing. Write it like {scheme}://{what}/folder/visits.xlsx.")
    strange = next((part for part in parts[1:] if part in {"", ".", ".."}), None)
    if strange is not None:
        raise UsageError(f'{text}: "{strange}/" in it leads to another name than it shows. Write the URL without it.')
    return f"{scheme}://{'/'.join(parts)}"


def local_path_of(text: str) -> str:
    """The path of this machine that a `file://` URL names.

    Raises:  UsageError — it names another machine, or no whole path.
    """
    split = urlsplit(text)
    path = unquote(split.path)
    if split.netloc not in {"", "localhost"} or not path:
        raise UsageError(f"{text}: a file:// URL names a whole path of this machine, like file:///srv/visits.xlsx.")
    return path[1:] if re.match(r"/[A-Za-z]:/", path) else path


def _refuse_secrets(scheme: str, rest: str) -> None:
    user, at, host = rest.partition("/")[0].rpartition("@")
    if at and ":" in user:
        raise UsageError(
            f"{scheme}://…@{host}: there is a password in this URL. A URL is shown and recorded, so no secret may stand in it: "
            f"leave it out, and give it to the library in its own way ({_ways_of(scheme)})."
        )
    if re.search(_SIGNED, rest):
        raise UsageError(
            f"{scheme}://{rest.partition('?')[0]}?…: this URL is signed, so whoever sees it can use it. A URL is shown and "
            f"recorded, so no secret may stand in it: leave out what follows the question mark, and give the credentials to "
            f"the library in its own way ({_ways_of(scheme)})."
        )


def _ways_of(scheme: str) -> str:
    backend = BACKENDS.get(scheme)
    return backend.own_settings if backend else "see docs/files-anywhere.md"
