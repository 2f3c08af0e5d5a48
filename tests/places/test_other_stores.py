"""Google's and Azure's own errors, as their libraries raise them against emulators, and what the libraries say beside that."""

from __future__ import annotations

import errno
import logging
from pathlib import Path

import pytest

from etl.errors import EtlError, NetworkError, UsageError
from etl.places import far, stores
from etl.places.trouble import in_words
from tests.places.s3_server import S3Server


class HttpResponseError(Exception):
    """As azure.core has it."""

    def __init__(self, words: str, status_code: int) -> None:
        super().__init__(words)
        self.status_code = status_code


class HttpError(Exception):
    """As gcsfs has it."""

    def __init__(self, words: str, code: int) -> None:
        super().__init__(words)
        self.code = code


@pytest.mark.parametrize(
    ("url", "error", "kind", "told"),
    [
        ("az", HttpResponseError("AuthorizationFailure", 403), UsageError, "access denied (HttpResponseError: Auth"),
        (
            "az",
            ValueError("unable to connect to account for Must provide either a connection_string or account_name"),
            UsageError,
            "adlfs has found no credentials that are taken there",
        ),
        ("az", HttpResponseError("No. RequestId:1 <xml", 400), UsageError, "HttpResponseError: No. Check the URL"),
        ("az", HttpResponseError("ServerBusy", 503), NetworkError, "Azure Blob Storage cannot be reached now"),
        ("az", FileNotFoundError(errno.ENOENT, "No such container", "field"), UsageError, "there is no bucket field"),
        ("gs", HttpError("Anonymous caller, 401", 401), UsageError, "gcsfs has found no credentials that are taken"),
        ("gs", OSError("Forbidden: https://storage\nno objects.create"), UsageError, "access denied (OSError: Forb"),
        ("gs", HttpError("slow down, 429", 429), NetworkError, "Google Cloud Storage cannot be reached now"),
        ("gs", HttpError("strange, 418", 418), UsageError, "strange, 418. Check the URL"),
    ],
    ids=lambda one: f"{type(one).__name__} {one}"[:40] if isinstance(one, Exception) else None,
)
def test_errors_by_http_are_told_by_their_number(url: str, error: Exception, kind: type[EtlError], told: str) -> None:
    """Credentials, rights and bad days are told apart."""
    said = in_words(error, f"{url}://field/in.csv", "read")

    assert isinstance(said, kind)
    assert told in said.message


class ResourceNotFoundError(Exception):
    """As azure.core has it."""


@pytest.mark.parametrize("error", [FileNotFoundError("b/fieldx/o"), ResourceNotFoundError("The specified container …")])
def test_where_nothing_can_be_written_the_bucket_is_missing(
    error: Exception, s3: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Google and Azure say only that something is not there."""

    def fails(*_: object, **__: object) -> None:
        raise error

    store = stores.store_of("s3://fieldx")
    (tmp_path / "r.csv").write_text("r", encoding="utf-8")
    for name in ("put_file", "pipe_file"):
        monkeypatch.setattr(store, name, fails)

    for ask in (
        lambda: far.put(tmp_path / "r.csv", "s3://fieldx/r.csv"),
        lambda: far.put_bytes("s3://fieldx/r.csv", b"r"),
    ):
        with pytest.raises(UsageError, match="there is no bucket fieldx"):
            ask()


def test_where_the_bucket_is_there_it_is_not_called_missing(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was not found is the upload, then; Google says no more of it than of a bucket."""

    def fails(*_: object, **__: object) -> None:
        raise FileNotFoundError("upload/storage/v1/b/field/o")

    (tmp_path / "r.csv").write_text("r", encoding="utf-8")
    monkeypatch.setattr(stores.store_of("s3://field"), "put_file", fails)
    with pytest.raises(UsageError, match=r"s3://field/r\.csv cannot be written: its upload was given up from outside"):
        far.put(tmp_path / "r.csv", "s3://field/r.csv")


def test_a_pattern_in_a_bucket_that_is_not_there(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """gcsfs raises here what would be an empty answer elsewhere."""

    def fails(*_: object, **__: object) -> None:
        raise FileNotFoundError("b/fieldx/o")

    monkeypatch.setattr(stores.store_of("s3://fieldx"), "glob", fails)
    with pytest.raises(UsageError, match="there is no bucket fieldx"):
        far.matching("s3://fieldx/*.csv")


def test_libraries_do_not_talk_past_us(s3: S3Server) -> None:
    """Python prints warnings that nobody listens to on stderr; what matters of them is raised."""
    stores.forget("s3://field")
    stores.store_of("s3://field/in.csv")

    for name in ("gcsfs", "s3fs", "azure", "botocore"):
        assert any(isinstance(one, logging.NullHandler) for one in logging.getLogger(name).handlers), name
