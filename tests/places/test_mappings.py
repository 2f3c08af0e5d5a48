"""Mappings whose files lie at URLs: the base, lookup and translation files are found where the mapping says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from etl.errors import UsageError
from etl.mapping.load import account_named_in, kept_text, load_mapping
from etl.places import place_of
from tests.flows.sheets import MAPPING

BASE = MAPPING.replace("Email: SearchByValue", "Email: {to: SearchByValue, lookup: ../people.csv}") + (
    "translate: words.csv\naccount: prod\n"
)
PEOPLE, WORDS = "Name,E-mail\nAsha,asha@example.com\n", "column,value,use this\n"


@pytest.fixture(autouse=True)
def store() -> Iterator[None]:
    """A base with its files."""
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    for name, content in (("base/visits.yaml", BASE), ("base/words.csv", WORDS), ("people.csv", PEOPLE)):
        place_of(f"memory://maps/{name}").write_text(content, encoding="utf-8")
    yield
    memory.store.clear()


@pytest.mark.parametrize(
    ("where", "extends"), [("memory://maps/branches", "../base/visits.yaml"), ("", "memory://maps/base/visits.yaml")]
)
def test_files_are_found_from_where_they_are_named(where: str, extends: str, tmp_path: Path) -> None:
    """Beside the file that names them, though another one far away extends it."""
    mapping = place_of(where or str(tmp_path)) / "pune.yaml"
    mapping.write_text(f"version: 1\nname: pune\nextends: {extends}\n", encoding="utf-8")

    loaded = load_mapping(mapping)
    kept = kept_text(loaded)

    assert [str(one) for one in (*loaded.lookup_files(), loaded.translation_path)] == [
        "memory://maps/people.csv",
        "memory://maps/base/words.csv",
    ]
    assert account_named_in(mapping, mapping) == ("prod", "memory://maps/base/visits.yaml:13:10: account: prod")
    (tmp_path / "kept.yaml").write_text(kept or "", encoding="utf-8")
    assert load_mapping(tmp_path / "kept.yaml", mapping).lookup_files() == loaded.lookup_files()


def test_a_mapping_here_may_name_a_list_there(tmp_path: Path) -> None:
    """By its whole URL."""
    mapping = tmp_path / "visits.yaml"
    mapping.write_text(
        BASE.replace("../people.csv", "memory://maps/people.csv").replace("translate: words.csv\n", ""), "utf-8"
    )

    assert [str(one) for one in load_mapping(mapping).lookup_files()] == ["memory://maps/people.csv"]


def test_what_is_missing_is_named_with_its_url() -> None:
    """And the line that names it."""
    place_of("memory://maps/people.csv").unlink()

    with pytest.raises(UsageError) as refused:
        load_mapping(place_of("memory://maps/base/visits.yaml"))

    assert [str(one.place) for one in refused.value.findings] == ["memory://maps/base/visits.yaml:8:38"]
    assert "memory://maps/people.csv" in refused.value.findings[0].hint + refused.value.findings[0].problem.error


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("extends: https://u:Hunter2@host/base.yaml", "3:10"),
        ("translate: https://u:Hunter2@host/words.csv", "12:12"),
    ],
    ids=["extends", "translate"],
)
def test_a_url_that_cannot_be_used_is_told_with_its_line(line: str, where: str, tmp_path: Path) -> None:
    """And without its secret."""
    mapping = tmp_path / "visits.yaml"
    text = f"version: 1\nname: pune\n{line}\n" if line.startswith("extends") else f"{MAPPING}{line}\n"
    mapping.write_text(text, encoding="utf-8")

    with pytest.raises(
        UsageError, match=f"visits.yaml:{where}: https://…@host: there is a password in this URL"
    ) as refused:
        load_mapping(mapping)

    assert "Hunter2" not in refused.value.message
