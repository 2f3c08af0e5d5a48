"""A mapping over another: its own keys win, the rest is the base's, and each fault is told in the file in which it stands."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import UsageError
from etl.mapping.extending import MOST_BASES, merged, self_contained
from etl.mapping.load import kept_text, load_mapping
from etl.mapping.yaml_document import read_document

BASE = """\
version: 1
name: visits-of-all
operation: add-by-lead-field
search_by: EmailAddress
input: {time_zone: Asia/Kolkata, only: {Status: Done}, empty_values: ["", "-"]}
activity: {event: 320}
columns:
  Email: SearchByValue
  Kind: {to: mx_Custom_1, type: choice, options: {SV: Site Visit}}
  On: {to: ActivityDateTime, format: "%d/%m/%Y"}
unique_by: [Email, On]
"""


def written(folder: Path, **files: str) -> Path:
    """Files by their name without `.yaml`; the path of pune.yaml."""
    for name, text in ({"base": BASE} | files).items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    return folder / "pune.yaml"


def told(path: Path) -> list[str]:
    """Each finding as `file:line:column code`."""
    with pytest.raises(UsageError) as refused:
        load_mapping(path)
    return [
        f"{str(one.place).removeprefix(str(path.parent) + '/')} {one.code}: {one.problem.error}"
        for one in refused.value.findings
    ]


def test_keys_of_the_file_win_over_those_of_the_base(tmp_path: Path) -> None:
    """Parts are put together key by key; a column is replaced whole, a list too; what is only in the base stays."""
    path = written(
        tmp_path,
        pune="""\
        extends: base.yaml
        name: visits-of-pune
        input: {sheet: Pune, empty_values: ["", n/a]}
        columns:
          Kind: {to: mx_Custom_1}
          Budget: {to: mx_Custom_2, type: number}
        unique_by: Email
        """,
    )

    mapping = load_mapping(path)

    assert mapping.name == "visits-of-pune"
    assert (mapping.input.sheet, mapping.input.time_zone, mapping.input.empty_values) == (
        ("Pune",),
        "Asia/Kolkata",
        ("", "n/a"),
    )
    assert mapping.input.only == {"Status": ("Done",)}
    assert [(one.header, one.target, one.rule.type) for one in mapping.targets()] == [
        ("Email", "SearchByValue", None),
        ("Kind", "mx_Custom_1", None),
        ("On", "ActivityDateTime", None),
        ("Budget", "mx_Custom_2", "number"),
    ]
    assert (mapping.unique_by, mapping.event) == (("Email",), 320)


def test_the_name_is_never_taken_over(tmp_path: Path) -> None:
    """Two branches with one name would take each other's rows for their own."""
    assert told(written(tmp_path, pune="extends: base.yaml\n")) == ['pune.yaml:1:1 missing_key: "name" is missing.']


def test_faults_are_told_where_they_stand(tmp_path: Path) -> None:
    """In the file itself first, then in the base, each with its line and column; what the file replaces is no fault."""
    base = BASE + "colour: red\nvalues: {mx_Custom_5: {constant: A, fromat: x}}\n"
    path = written(
        tmp_path,
        base=base.replace('"%d/%m/%Y"', '"%Q"').replace("type: choice", "type: choise"),
        pune="""\
        extends: base.yaml
        name: p
        columns: {Kind: {to: mx_Custom_1}}
        input: {sheeet: Pune}
        """,
    )

    assert [line.split(":", 3)[:3] for line in told(path)] == [
        ["pune.yaml", "4", "9 unknown_key"],
        ["base.yaml", "10", "38 wrong_value"],
        ["base.yaml", "12", "1 unknown_key"],
        ["base.yaml", "13", "37 unknown_key"],
    ]


def test_files_of_the_base_are_looked_for_beside_it(tmp_path: Path) -> None:
    """A lookup that the base names lies beside the base, in whatever folder the mapping is."""
    base = BASE.replace(
        "Kind: {to: mx_Custom_1", "Who: {to: mx_Custom_3, lookup: people.csv}\n  Kind: {to: mx_Custom_1"
    )
    path = written(tmp_path / "branches", **{"../common/base": base, "pune": "extends: ../common/base.yaml\nname: p\n"})
    (tmp_path / "common" / "people.csv").write_text("Who,Mail\nAsha,a@example.com\n")

    [file] = load_mapping(path).lookup_files()

    assert file.samefile(tmp_path / "common" / "people.csv")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"pune": "name: p\nextends: none.yaml\n"}, "pune.yaml:2:10 base_unusable: This mapping cannot extend"),
        ({"pune": "extends: pune.yaml\nname: p\n"}, "pune.yaml:1:10 base_unusable: This mapping cannot extend"),
        (
            {"pune": "extends: base.yaml\nname: p\n", "base": "version: 1\nextends: ./pune.yaml\n"},
            "base.yaml:2:10 base_unusable: This mapping cannot extend",
        ),
        (
            {"pune": "extends: b0.yaml\nname: p\n"}
            | {f"b{n}": f"extends: b{n + 1}.yaml\n" for n in range(MOST_BASES)}
            | {f"b{MOST_BASES}": BASE},
            f"b{MOST_BASES - 1}.yaml:1:10 base_unusable: This mapping cannot extend",
        ),
        ({"pune": "extends: [a, b]\nname: p\n"}, "pune.yaml:1:10 wrong_value: Found a list"),
        ({"pune": "extends: base.yaml\nname: p\n", "base": "a: [\n"}, "base.yaml:2:1 not_yaml"),
    ],
    ids=["not_there", "itself", "circle", "too_many", "no_text", "base_is_no_yaml"],
)
def test_a_base_that_cannot_be(tmp_path: Path, files: dict[str, str], expected: str) -> None:
    """No base, a circle and an endless chain are refused at the line that names it."""
    assert any(line.startswith(expected) for line in told(written(tmp_path, **files))), told(tmp_path / "pune.yaml")


def test_what_is_kept_needs_no_base(tmp_path: Path) -> None:
    """The kept text is the whole mapping, also when the base is gone; a mapping without a base is kept as it is."""
    path = written(tmp_path, pune="extends: base.yaml\nname: p\ninput: {stop_at: 'a\u2028\U0001f600\x85'}\n")
    mapping = load_mapping(path)
    text = kept_text(mapping)
    (tmp_path / "base.yaml").unlink()
    copy = tmp_path / "copy"
    copy.write_text(text or "", encoding="utf-8", newline="\n")

    again = load_mapping(copy, path)

    assert again.model_dump() == mapping.model_copy(update={"extends": None}).model_dump()
    assert kept_text(again) is None


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
PLAIN = st.recursive(
    TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)
DOCUMENTS = st.dictionaries(st.sampled_from(["input", "columns", "values", "version", "x"]), PLAIN, max_size=4)


@given(own=DOCUMENTS, base=DOCUMENTS)
@settings(max_examples=30)
def test_merging(own: dict[str, object], base: dict[str, object]) -> None:
    """Nothing over a base is the base, a file over nothing or itself is the file, and its values are never lost."""
    together = merged(own, base)  # type: ignore[arg-type] # plain values

    assert merged({}, base) == base  # type: ignore[arg-type] # plain values
    assert merged(own, {}) == own == merged(own, own)  # type: ignore[arg-type] # plain values
    assert set(together) == set(own) | set(base)
    assert merged(own, together) == together  # type: ignore[arg-type] # plain values


@given(document=DOCUMENTS.filter(bool))
@settings(max_examples=40)
def test_kept_text_says_the_same(document: dict[str, object]) -> None:
    """Any texts, lists and keys come back equal from the kept text."""
    assert read_document(self_contained(document), "copy").plain == document  # type: ignore[arg-type] # plain values
