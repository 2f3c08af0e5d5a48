"""A mapping file is loaded whole, or everything that is wrong with it is told with file, line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.errors import UsageError
from etl.mapping.load import load_mapping
from tests.mapping.build import mapping_text

EMAIL = "columns: {Email: SearchByValue}\n"


def written(folder: Path, text: str | bytes, name: str = "visits.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problems(path: Path) -> list[str]:
    """Each finding as `line:column code: error`."""
    with pytest.raises(UsageError) as refused:
        load_mapping(path)
    places = [str(finding.place).removeprefix(f"{path}:") for finding in refused.value.findings]
    findings = zip(places, refused.value.findings, strict=True)
    return [f"{place} {finding.code}: {finding.problem.error}" for place, finding in findings]


def test_scalars_keep_the_text_that_stands_there(tmp_path: Path) -> None:
    """`01`, `NO`, `1.10` and `true` are texts, and only numbers of the mapping's own become numbers."""
    text = mapping_text(
        """
        input: {header_row: 03, empty_values: [01, NO, 1.10, true, 0x1F, 2026-01-02]}
        columns: {Email: SearchByValue, 007: mx_Custom_1}
        """
    )

    mapping = load_mapping(written(tmp_path, text))

    assert mapping.input.empty_values == ("01", "NO", "1.10", "true", "0x1F", "2026-01-02")
    assert mapping.input.header_row == 3
    assert mapping.event == 320
    assert list(mapping.columns) == ["Email", "007"]


def test_a_byte_order_mark_is_no_part_of_the_mapping(tmp_path: Path) -> None:
    """A mapping saved by Notepad loads like any other."""
    assert load_mapping(written(tmp_path, b"\xef\xbb\xbf" + mapping_text(EMAIL).encode())).name == "visits"


def test_aliases_of_yaml_may_repeat_a_part(tmp_path: Path) -> None:
    """An anchor and its alias stand for the same value."""
    text = mapping_text(
        """
        columns:
          Email: SearchByValue
          A: {to: mx_Custom_1, type: choice, options: &kinds [SV, RV]}
          B: {to: mx_Custom_2, type: choice, options: *kinds}
        """
    )

    targets = load_mapping(written(tmp_path, text)).targets()

    assert targets[1].rule.options == targets[2].rule.options == {"SV": "SV", "RV": "RV"}


SHAPE = {
    "unknown_key": ("colums: {A: B}\n" + EMAIL, ['6:1 unknown_key: Unknown key "colums". Did you mean "columns"?']),
    "unknown_key_of_a_target": (
        'columns:\n  Email: SearchByValue\n  On: {to: mx_Custom_1, fromat: "%d"}\n',
        ['8:25 unknown_key: Unknown key "fromat". Did you mean "format"?'],
    ),
    "unknown_key_of_a_listed_target": (
        "columns:\n- {column: Email, to: SearchByValue, lettre: F}\n",
        ['7:38 unknown_key: Unknown key "lettre". Did you mean "letter"?'],
    ),
    "unknown_key_of_a_value": (
        EMAIL + "values:\n  mx_Custom_1: {constnt: A, constant: B}\n",
        ['8:17 unknown_key: Unknown key "constnt". Did you mean "constant"?'],
    ),
    "unknown_key_of_the_input": (
        "input:\n  hedder_row: 2\n" + EMAIL,
        ['7:3 unknown_key: Unknown key "hedder_row". Did you mean "header_row"?'],
    ),
    "duplicate_key": (
        "columns:\n  Email: SearchByValue\n  A: mx_Custom_1\n  A: mx_Custom_2\n",
        ['9:3 duplicate_key: "A" stands here a second time; the first is in line 8.'],
    ),
    "duplicate_key_at_the_top": (
        "name: other\n" + EMAIL,
        ['6:1 duplicate_key: "name" stands here a second time; the first is in line 2.'],
    ),
    "number_out_of_range": (
        "input: {header_row: 0}\n" + EMAIL,
        ['6:21 wrong_value: Found "0", expected the row of the headers, two rows like [3, 4], or "auto".'],
    ),
    "number_in_words": (
        "input: {header_row: two}\n" + EMAIL,
        ['6:21 wrong_value: Found "two", expected the row of the headers, two rows like [3, 4], or "auto".'],
    ),
    "unknown_word": (
        "on_change: reprot\n" + EMAIL,
        ['6:12 wrong_value: Found "reprot", expected one of report, update, send_new. Did you mean "report"?'],
    ),
    "list_instead_of_text": (
        "unique_by: [[A]]\n" + EMAIL,
        ["6:13 wrong_value: Found a list, expected a text."],
    ),
    "text_instead_of_keys": (
        "values: none\n" + EMAIL,
        ['6:9 wrong_value: Found "none", expected lines of key: value.'],
    ),
    "text_for_columns": (
        "columns: Email\n",
        ['6:10 wrong_value: Found "Email", expected lines of key: value or a list.'],
    ),
    "no_value": ("input:\n  stop_at:\n  header_row: 2\n" + EMAIL, ["7:3 no_value: There is no value here."]),
    "null_word": ("input: {stop_at: ~}\n" + EMAIL, ["6:18 no_value: There is no value here, only ~."]),
    "target_missing_in_rule": ("columns: {Email: {type: email}}\n", ['6:18 missing_key: "to" is missing.']),
    "wrong_switch": (
        "skip_dropdown_validation: yes\n" + EMAIL,
        ['6:27 wrong_value: Found "yes", expected true or false.'],
    ),
    "empty_list": ("unique_by: []\n" + EMAIL, ["6:12 wrong_value: Found a list, expected at least one value."]),
    "wrong_when_empty": (
        "columns: {Email: SearchByValue, A: {to: mx_Custom_1, when_empty: skip}}\n",
        ['6:66 wrong_value: Found "skip", expected one of omit, clear, error.'],
    ),
}

MEANING = {
    "unknown_target": (
        "columns:\n  Email: SearchByValue\n  Remarks: ActivityNotes\n",
        ['8:12 unknown_target: "ActivityNotes" is no target. Did you mean "ActivityNote"?'],
    ),
    "target_in_wrong_case": (
        "columns:\n  Email: SearchByValue\n  A: {type: number, to: mx_custom_7}\n",
        ['8:25 unknown_target: "mx_custom_7" is no target. Did you mean "mx_Custom_7"?'],
    ),
    "unknown_target_of_a_value": (
        EMAIL + "values:\n  mx_Custm_9: {constant: A}\n",
        ['8:3 unknown_target: "mx_Custm_9" is no target. Did you mean "mx_Custom_9"?'],
    ),
    "target_of_another_operation": (
        "columns: {Email: SearchByValue, Id: ProspectActivityId}\n",
        ["6:37 target_not_sent: add-by-lead-field cannot send ProspectActivityId."],
    ),
    "lead_attribute": (
        "columns: {Email: SearchByValue, Name: Lead.FirstName}\n",
        ["6:39 target_not_sent: add-by-lead-field cannot send Lead.FirstName."],
    ),
    "target_twice": (
        "columns:\n  Email: SearchByValue\n  A: mx_Custom_1\n  B: [mx_Custom_2, mx_Custom_1]\n",
        ['9:20 target_twice: mx_Custom_1 is filled twice; the first time by column "A".'],
    ),
    "target_twice_by_a_value": (
        "columns: {Email: SearchByValue, A: mx_Custom_1}\nvalues:\n  mx_Custom_1: {constant: B}\n",
        ['8:3 target_twice: mx_Custom_1 is filled twice; the first time by column "A".'],
    ),
    "target_missing": (
        "columns: {A: mx_Custom_1}\n",
        ["6:1 target_missing: No column fills SearchByValue, and add-by-lead-field needs it in every row."],
    ),
    "type_fixed": (
        "input: {time_zone: UTC}\ncolumns: {Email: SearchByValue, A: {to: ActivityDateTime, type: date}}\n",
        ["7:65 type_fixed: ActivityDateTime is always of type datetime."],
    ),
    "type_fixed_by_search_by": (
        "columns: {Email: {to: SearchByValue, type: text}}\n",
        ["6:44 type_fixed: SearchByValue is always of type email."],
    ),
    "option_of_another_type": (
        'columns: {Email: SearchByValue, A: {to: mx_Custom_1, format: "%d/%m/%Y"}}\n',
        ["6:54 option_unused: format means nothing for type text."],
    ),
    "choice_without_options": (
        "columns: {Email: SearchByValue, A: {to: mx_Custom_1, type: choice}}\n",
        ['6:36 missing_key: "options" is missing: a choice needs its options.'],
    ),
    "multichoice_without_separator": (
        "columns: {Email: SearchByValue, A: {to: mx_Custom_1, type: multichoice}}\n",
        ['6:36 missing_key: "separator" is missing: a multichoice needs what stands between its values.'],
    ),
    "unknown_zone": (
        "input: {time_zone: Asia/Kolkatta}\n" + EMAIL,
        [
            '6:20 wrong_value: Found "Asia/Kolkatta", expected a time zone like Asia/Kolkata. Did you mean "Asia/Kolkata"?'
        ],
    ),
    "zone_missing": (
        "columns: {Email: SearchByValue, A: ActivityDateTime}\n",
        ['1:1 missing_key: "time_zone" is missing: ActivityDateTime is a date-time, and its zone cannot be guessed.'],
    ),
    "format_of_no_date": (
        "columns: {Email: SearchByValue, A: {to: mx_Custom_1, type: date, format: [yyyy, '%d/%m']}}\n",
        [
            '6:75 wrong_value: Found "yyyy", expected a format like %d/%m/%Y %H:%M: it has no directive such as %d.',
            '6:81 wrong_value: Found "%d/%m", expected a format like %d/%m/%Y %H:%M: a date needs day, month and year.',
        ],
    ),
    "time_in_a_date_format": (
        "columns: {Email: SearchByValue, A: {to: mx_Custom_1, type: date, format: '%d/%m/%Y %H:%M'}}\n",
        [
            '6:74 wrong_value: Found "%d/%m/%Y %H:%M", expected a format like %d/%m/%Y %H:%M: '
            "a date has no time of day; set type: datetime to send both."
        ],
    ),
    "unknown_region": (
        "columns: {Email: SearchByValue, A: {to: mx_Custom_1, type: phone, region: India}}\n",
        ['6:75 wrong_value: Found "India", expected a country in two capital letters, like IN.'],
    ),
    "alias_is_another_column": (
        "columns:\n  Email: SearchByValue\n  A: {to: mx_Custom_1, aliases: [Email]}\n",
        ['8:6 wrong_value: Found "Email" as a second column or alias, expected each name once.'],
    ),
    "header_twice_but_for_spaces": (
        'columns:\n  Email: SearchByValue\n  "Email ": mx_Custom_1\n',
        ['8:13 wrong_value: Found "Email " as a second column or alias, expected each name once.'],
    ),
    "two_sources": (
        EMAIL + "values: {mx_Custom_1: {constant: A, text: B}}\n",
        ["7:23 wrong_value: Found text and constant, expected exactly one of text, join, first_of, constant."],
    ),
    "lone_brace": (
        EMAIL + "values: {mx_Custom_1: {text: '{Site'}}\n",
        [
            '7:30 wrong_value: Found "{Site", expected columns in braces: '
            "a brace without a column's name at character 1; {{ means a brace."
        ],
    ),
    "column_and_letter": (
        "columns:\n- {column: Email, letter: A, to: SearchByValue}\n",
        ["7:3 wrong_value: Found both, expected one of column, letter."],
    ),
    "neither_column_nor_letter": (
        "columns:\n- {to: SearchByValue}\n",
        ["7:3 wrong_value: Found neither, expected one of column, letter."],
    ),
    "omit_what_every_row_needs": (
        "columns: {Email: {to: SearchByValue, when_empty: omit}}\n",
        ["6:50 wrong_value: Found when_empty: omit, expected error or {use: …}: every row needs SearchByValue."],
    ),
    "constant_that_is_refused": (
        EMAIL + "values: {mx_Custom_1: {constant: many, type: number}}\n",
        ['7:34 value_refused: This value cannot be sent: "many" is not a number that can be read in one way only.'],
    ),
    "stand_in_that_is_refused": (
        "columns: {Email: {to: SearchByValue, when_empty: {use: nobody}}}\n",
        [
            '6:50 value_refused: This value cannot be sent: "nobody" is no e-mail address: '
            "An email address must have an @-sign."
        ],
    ),
    "row_key_field_in_wrong_case": (
        "row_key_field: mx_custom_20\n" + EMAIL,
        [
            '6:16 wrong_value: Found "mx_custom_20", expected a spare custom field like mx_Custom_20. '
            'Did you mean "mx_Custom_20"?'
        ],
    ),
    "row_key_field_in_use": (
        "row_key_field: mx_Custom_1\ncolumns: {Email: SearchByValue, A: mx_Custom_1}\n",
        ['6:16 target_twice: mx_Custom_1 is filled twice; the first time by column "A".'],
    ),
    "on_change_without_a_name": (
        "on_change: send_new\n" + EMAIL,
        [
            '6:12 missing_key: "unique_by" is missing: on_change: send_new is about rows that are known by a name of their '
            "own."
        ],
    ),
    "on_change_of_what_no_update_carries": (
        "unique_by: [Email]\non_change: update\n" + EMAIL,
        [
            "8:10 wrong_value: Found only SearchByValue with on_change: update, expected a target that an update can carry as "
            "well, like ActivityNote or mx_Custom_1."
        ],
    ),
    "lookup_file_missing": (
        "columns:\n  Email: SearchByValue\n  By: {to: ActivityOwnerEmail, lookup: nobody.csv}\n",
        ["8:40 lookup_file_missing: There is no file {folder}/nobody.csv."],
    ),
    "word_for_yes_and_no": (
        "columns: {Email: SearchByValue, A: {to: mx_Custom_1, type: boolean, words: {true: [Y], false: [y]}}}\n",
        ['6:76 wrong_value: Found "y" under true and false, expected each word under one of them.'],
    ),
}


@pytest.mark.parametrize(("rest", "expected"), [*SHAPE.values(), *MEANING.values()], ids=[*SHAPE, *MEANING])
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, rest: str, expected: list[str]) -> None:
    """Each fault is found at its exact line and column, in words that name the value and what was expected."""
    path = written(tmp_path, mapping_text(rest))

    assert problems(path) == [line.replace("{folder}", str(tmp_path)) for line in expected]


NO_YAML = {
    "tab": ("name:\n\tx: 1\n", "2:1 not_yaml: This is not YAML: found character '\\t' that cannot start any token."),
    "open_list": ("name: [1\nb: 2\n", "2:2 not_yaml: This is not YAML: expected ',' or ']', but got ':'."),
    "two_documents": (
        "name: 1\n---\nname: 2\n",
        "2:1 not_yaml: This is not YAML: a mapping is one document, and a second one starts here.",
    ),
    "unknown_alias": ("name: *who\n", "1:7 not_yaml: This is not YAML: found undefined alias 'who'."),
    "empty": ("# nothing\n", "1:1 not_a_mapping: This is no mapping: the file is empty."),
    "not_utf8": (
        b"name: a\nowner: caf\xe9\n",
        "2:11 not_a_mapping: This is no mapping: the byte 0xe9 here is not UTF-8.",
    ),
    "list": ("- name\n", "1:1 wrong_value: Found a list, expected lines of key: value."),
    "alias_of_itself": (
        "name: &a [*a]\n",
        "1:7 not_a_mapping: This is no mapping: its nested or repeated (alias) values add up to more than any mapping "
        "needs.",
    ),
    "alias_bomb": (
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)
        ),
        "1:4 not_a_mapping: This is no mapping: its nested or repeated (alias) values add up to more than any mapping "
        "needs.",
    ),
    "nested_beyond_reason": (
        "[" * 5000,
        "1:1 not_a_mapping: This is no mapping: its nested or repeated (alias) values add up to more than any mapping "
        "needs.",
    ),
    "key_that_is_a_list": ("? [a]\n: b\n", "1:3 wrong_value: Found a list or keys, expected a text before the colon."),
}


@pytest.mark.parametrize(("text", "expected"), NO_YAML.values(), ids=NO_YAML)
def test_a_file_that_is_no_mapping_is_refused_at_once(tmp_path: Path, text: str | bytes, expected: str) -> None:
    """What is not YAML, or no mapping by any means, is refused with its place, in bounded time and memory."""
    assert expected in problems(written(tmp_path, text))


def test_all_problems_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Unknown keys do not hide what else is wrong, and findings follow the lines."""
    text = mapping_text("columns: {Email: SearchByValue, A: {to: mx_Custom_1, typ: x}, B: Nte}\nrow_key_field: key\n")

    assert [line.split(":")[0] + line.split(" ")[1] for line in problems(written(tmp_path, text))] == [
        "6unknown_key:",
        "6unknown_target:",
        "7wrong_value:",
    ]


def test_the_message_counts_the_problems(tmp_path: Path) -> None:
    """The message names the file, how many problems there are, and that nothing was sent."""
    path = written(tmp_path, mapping_text("colums: {}\nrow_key_field: key\n"))

    with pytest.raises(UsageError) as refused:
        load_mapping(path)

    assert refused.value.message == f"{path} cannot be used as a mapping: 3 problems. Nothing was sent."


def test_a_missing_file_is_a_wrong_command(tmp_path: Path) -> None:
    """A path without a file says so, and where to mend it."""
    with pytest.raises(UsageError, match=r"gone\.yaml: there is no such mapping file\. Correct the path after -m\."):
        load_mapping(tmp_path / "gone.yaml")


def test_a_folder_is_no_mapping(tmp_path: Path) -> None:
    """A folder is refused like any file that cannot be read."""
    with pytest.raises(UsageError, match=r"the mapping cannot be read: Is a directory\."):
        load_mapping(tmp_path)


def test_a_copy_speaks_with_the_name_of_its_original(tmp_path: Path) -> None:
    """Messages name `shown_as`, and lookup files are sought beside it without having to be there."""
    original = tmp_path / "gone" / "visits.yaml"
    good = written(tmp_path, mapping_text("columns: {Email: {to: SearchByValue, lookup: people.csv}}\n"), "3f2a")
    bad = written(tmp_path, mapping_text("colums: {}\n" + EMAIL), "77bc")

    assert load_mapping(good, original).lookup_files() == (tmp_path / "gone" / "people.csv",)
    with pytest.raises(UsageError) as refused:
        load_mapping(bad, original)
    assert str(refused.value.findings[0].place) == f"{original}:6:1"


def test_lookup_files_lie_beside_the_mapping(tmp_path: Path) -> None:
    """Each lookup file is named once, as a path that opens from anywhere."""
    written(tmp_path, "Name,Email\n", "people.csv")
    text = mapping_text(
        """
        columns:
          Who: {to: SearchByValue, lookup: people.csv}
          By: {to: ActivityOwnerEmail, lookup: people.csv}
        """
    )

    assert load_mapping(written(tmp_path, text)).lookup_files() == (tmp_path / "people.csv",)


OPERATIONS = {
    "add-by-lead-id": ("activity: {event: 1}", "RelatedProspectId: guid, ActivityDateTime: datetime"),
    "add-by-opportunity": ("activity: {event: 1}", "OpportunityId: guid, ActivityOwnerEmail: email"),
    "update": ("", "ProspectActivityId: guid, ActivityNote: text, Status: text"),
    "create-lead-and-activity": (
        "activity: {event: 1}\nsearch_by: Phone",
        "Lead.Phone: text, Lead.EmailAddress: email, Lead.mx_KYC.mx_CustomObject_1: text, mx_KYC.mx_CustomObject_2: text",
    ),
}


@pytest.mark.parametrize(("operation", "needs"), OPERATIONS.items(), ids=OPERATIONS)
def test_each_operation_takes_its_own_targets(tmp_path: Path, operation: str, needs: tuple[str, str]) -> None:
    """The model knows all five operations, what each needs, and what each can send."""
    columns = "".join(f"  C{n}: {pair.split(':')[0]}\n" for n, pair in enumerate(needs[1].split(", ")))
    text = f"version: 1\nname: n\noperation: {operation}\ninput: {{time_zone: UTC}}\n{needs[0]}\ncolumns:\n{columns}"

    mapping = load_mapping(written(tmp_path, text))

    assert mapping.required()[0] == next(iter(mapping.targets())).target


MISSING = {
    "add-by-lead-id": ["RelatedProspectId"],
    "add-by-opportunity": ["OpportunityId", "ActivityOwnerEmail"],
    "update": ["ProspectActivityId"],
}


@pytest.mark.parametrize(("operation", "targets"), MISSING.items(), ids=MISSING)
def test_each_operation_asks_for_what_every_row_needs(tmp_path: Path, operation: str, targets: list[str]) -> None:
    """A mapping without a target that the operation needs is refused, one finding for each."""
    text = f"version: 1\nname: n\noperation: {operation}\nactivity: {{event: 1}}\ncolumns: {{A: ActivityNote}}\n"

    assert problems(written(tmp_path, text)) == [
        f"5:1 target_missing: No column fills {target}, and {operation} needs it in every row." for target in targets
    ]


def test_settings_that_an_operation_needs_or_refuses(tmp_path: Path) -> None:
    """search_by and activity are asked for where they are needed, and search_by is refused elsewhere."""
    first = written(tmp_path, "version: 1\nname: n\noperation: add-by-lead-field\n" + EMAIL)
    second = written(
        tmp_path,
        "version: 1\nname: n\noperation: update\nsearch_by: Phone\ncolumns: {A: ProspectActivityId, B: Status}\n",
        "u.yaml",
    )

    assert problems(first) == [
        '1:1 missing_key: "search_by" is missing: add-by-lead-field finds the lead by a field, like EmailAddress.',
        '1:1 missing_key: "activity" is missing: add-by-lead-field needs the number of the activity type.',
    ]
    assert problems(second) == ["4:1 option_unused: search_by means nothing for operation update."]
