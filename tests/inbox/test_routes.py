"""routes.yaml: what it says, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.errors import UsageError
from etl.inbox.routes import load_routes
from etl.inbox.schema import schema_text

GOOD = """\
version: 1
time_zone: Asia/Kolkata
settle: 2m
routes:
  Nagpur: {files: [nagpur*.xlsx, NGP_*], mapping: visits.yaml, account: prod, expected: daily by 20:00, no_rows: ok}
  Pune: {files: "pune?.csv", mapping: visits.yaml}
"""


def written(folder: Path, text: str) -> Path:
    (folder / "visits.yaml").write_text("name: visits\n", encoding="utf-8")
    place = folder / "routes.yaml"
    place.write_text(text, encoding="utf-8")
    return place


def test_routes_are_found_by_the_names_of_files(tmp_path: Path) -> None:
    """Patterns do not tell capitals from small letters; a mapping lies beside the file."""
    routes = load_routes(written(tmp_path, GOOD))

    names = ("Nagpur_03.XLSX", "ngp_1.csv", "pune1.csv", "pune12.csv")
    assert [[route.name for route in routes.of(name)] for name in names] == [["Nagpur"], ["Nagpur"], ["Pune"], []]
    assert routes.routes[0].mapping == (tmp_path / "visits.yaml").resolve()
    assert (routes.settle_seconds, str(routes.zone)) == (120.0, "Asia/Kolkata")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("account: prod", "acount: prod", ':5:64: Unknown key "acount". Did you mean "account"?'),
        ("files: [nagpur*.xlsx, NGP_*], ", "", ':5:11: "files" is missing.'),
        ("daily by 20:00", "each day", ':5:89: Found "each day", expected days and an hour, like "daily by 20:00"'),
        (
            "time_zone: Asia/Kolkata\n",
            "",
            '"time_zone" is missing: Nagpur is expected "daily by 20:00", and it is not clear',
        ),
        ("Asia/Kolkata", "Asia/Nagpur", ':2:12: Found "Asia/Nagpur", expected a time zone like Asia/Kolkata.'),
        (
            "mapping: visits.yaml}",
            "mapping: other.yaml}",
            ':6:39: Found "other.yaml", expected a mapping file; there is no',
        ),
        ("no_rows: ok", "no_rows: yes", 'Found "yes", expected ok; or leave the line out.'),
        ("settle: 2m", "settle: soon", ':3:9: Found "soon", expected a length of time like 10s or 2m.'),
        ("  Pune:", "  Nagpur:", "Nagpur"),
        ("version: 1", "version: 2", ":1:10: "),
    ],
    ids=[
        "unknown key",
        "missing key",
        "hour",
        "no zone",
        "unknown zone",
        "no mapping",
        "no_rows",
        "settle",
        "twice",
        "version",
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Each fault names file, line and column, and what was expected."""
    assert old in GOOD

    with pytest.raises(
        UsageError, match=r"cannot be used as routes: 1 problem\. Nothing was taken or sent\."
    ) as caught:
        load_routes(written(tmp_path, GOOD.replace(old, new, 1)))

    (finding,) = caught.value.findings
    assert said in str(finding)


def test_a_file_that_is_no_yaml_or_not_there_is_refused(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(UsageError, match="there is no such file"):
        load_routes(tmp_path / "routes.yaml")
    with pytest.raises(UsageError, match="cannot be used as routes"):
        load_routes(written(tmp_path, "routes: [a"))


def test_the_schema_is_that_of_the_model() -> None:
    """Editors complete what the program takes; make docs writes it."""
    kept = Path(__file__).parents[2] / "mappings" / "routes.schema.json"

    assert kept.read_text("utf-8") == schema_text()
