"""What is a URL and what a path, and which URLs are refused before anything is asked."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import UsageError
from etl.places import UrlPath, is_flat, is_url, local_copy, place_of

PART = st.text(
    st.characters(codec="utf-8", exclude_characters="/\\\0", exclude_categories=["Cc", "Cs"]), min_size=1
).filter(lambda part: part not in {".", ".."} and "=" not in part)


@pytest.mark.parametrize(
    "typed", ["visits.xlsx", "C:/in/visits.xlsx", "c://in", "-", "../in", "s3:visits", "a/s3://b", "/x"]
)
def test_a_path_stays_a_path(typed: str) -> None:
    """Also one with the drive letter of Windows, and the sign for standard input."""
    place = place_of(typed)

    assert (place, is_url(place), local_copy(place)) == (Path(typed), False, Path(typed))


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("s3://field/in/visits.xlsx", "s3://field/in/visits.xlsx"),
        ("S3://field/In/Visits.xlsx", "s3://field/In/Visits.xlsx"),
        ("gs://field/in/", "gs://field/in"),
        ("az://field/in/visits.xlsx", "az://field/in/visits.xlsx"),
        ("abfs://box@company.dfs.core.windows.net/in", "abfs://box@company.dfs.core.windows.net/in"),
        ("sftp://priya@files.example.com:2222/in/visits.csv", "sftp://priya@files.example.com:2222/in/visits.csv"),
        ("s3://field/in/visit?.xlsx", "s3://field/in/visit?.xlsx"),
        ("memory://in/visits.csv", "memory://in/visits.csv"),
    ],
)
def test_a_url_is_shown_as_it_was_typed(typed: str, shown: str) -> None:
    """And is whole by itself, wherever it is looked at from."""
    place = place_of(typed)

    assert (str(place), f"{Path('/srv') / place}", str(place_of(str(place)))) == (shown, shown, shown)


@pytest.mark.parametrize(
    "typed", ["file:///srv/in/visits.xlsx", "file://localhost/srv/in/visits.xlsx", "FILE:///srv/in/visits.xlsx"]
)
def test_a_file_url_is_a_path_of_this_machine(typed: str) -> None:
    """For which no library is needed."""
    assert place_of(typed) == Path("/srv/in/visits.xlsx")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("s3://AKIA:Hunter2@field/in.csv", "there is a password in this URL"),
        ("sftp://priya:Hunter2@host/in.csv", "the SSH agent, ~/.ssh/config"),
        ("https://priya:Hunter2@host/in.csv", "there is a password in this URL"),
        ("az://field/in.csv?sv=2024&sig=Hunter2", "this URL is signed"),
        ("https://field.s3.amazonaws.com/in.csv?X-Amz-Signature=Hunter2", "this URL is signed"),
        ("https://example.com/in.csv", "Download it, or name it by s3://, gs://, az://, sftp:// and file://"),
        ("s4://field/in.csv", "there is no s4:// here. Files may lie at s3://"),
        ("s3:///in.csv", "the bucket is missing"),
        ("sftp:///in.csv", "the host is missing"),
        ("s3://field//in.csv", "leads to another name than it shows"),
        ("s3://field/../in.csv", "leads to another name than it shows"),
        ("file://server/in.csv", "names a whole path of this machine"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(typed: str, told: str) -> None:
    """In a sentence that never repeats a secret."""
    with pytest.raises(UsageError) as refused:
        place_of(typed)

    assert told in refused.value.message
    assert "Hunter2" not in refused.value.message


@given(st.lists(PART, min_size=1, max_size=4), PART)
def test_names_are_those_of_a_path(parts: list[str], other: str) -> None:
    """Whatever signs a key has: beside, above, below and back again."""
    url = place_of("s3://field/" + "/".join(parts))

    assert isinstance(url, UrlPath)
    assert (url.name, str(url.parent / url.name)) == (parts[-1], str(url))
    assert (url.with_name(other).parent, (url / other).parent) == (url.parent, url)
    assert copy.deepcopy(url) == pickle.loads(pickle.dumps(url)) == place_of(str(url)) == url
    assert {url: 1}[place_of(str(url))] == 1


@pytest.mark.parametrize(
    ("folder", "named", "lies"),
    [
        ("s3://field/maps", "people.csv", "s3://field/maps/people.csv"),
        ("s3://field/maps", "../people.csv", "s3://field/people.csv"),
        ("s3://field/maps", "./x/people.csv", "s3://field/maps/x/people.csv"),
        ("s3://field/maps", "gs://other/people.csv", "gs://other/people.csv"),
        ("s3://field/maps", "/srv/people.csv", "/srv/people.csv"),
        ("/srv/maps", "s3://field/people.csv", "s3://field/people.csv"),
    ],
)
def test_what_a_mapping_names_lies_beside_it(folder: str, named: str, lies: str) -> None:
    """Unless its name is whole."""
    assert str(place_of(folder) / place_of(named)) == lies


def test_it_is_no_path_for_what_needs_a_descriptor() -> None:
    """Such a use fails as a file would that cannot be opened, and never opens another one."""
    url = place_of("s3://field/in.csv")

    with pytest.raises(OSError, match="this needs a file of this machine"):
        open(url)  # noqa: PTH123, SIM115 — what a library would do
    with pytest.raises(OSError, match="is not written to piece by piece"):
        url.open("w")
    assert (is_flat(url), is_flat(place_of("sftp://host/in.csv")), is_flat(Path("in.csv"))) == (True, False, False)
