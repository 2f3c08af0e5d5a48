"""`account:` in a mapping, found before the mapping is looked at as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.mapping.load import account_named_in, load_mapping
from tests.mapping.test_extends import written

WHOLE = """\
version: 1
operation: add-by-lead-field
search_by: EmailAddress
activity: {event: 320}
columns: {Email: SearchByValue}
"""

CASES = {
    "named": ({"m": WHOLE + "name: m\naccount: prod\n"}, ("prod", "m.yaml:7:10: account: prod")),
    "not named": ({"m": WHOLE + "name: m\n"}, None),
    "by its base": (
        {"m": "name: m\nextends: base.yaml\n", "base": WHOLE + "name: b\naccount: prod\n"},
        ("prod", "base.yaml:7:10: account: prod"),
    ),
    "over its base": (
        {"m": "name: m\nextends: base.yaml\naccount: test\n", "base": WHOLE + "name: b\naccount: prod\n"},
        ("test", "m.yaml:3:10: account: test"),
    ),
    "a list": ({"m": WHOLE + "name: m\naccount: [prod]\n"}, None),
    "no mapping": ({"m": "account: [\n"}, None),
    "the word alone": ({"m": WHOLE.replace("Email:", "account:") + "name: m\n"}, None),
}


@pytest.mark.parametrize(("files", "expected"), CASES.values(), ids=CASES)
def test_the_account_that_a_mapping_names(
    tmp_path: Path, files: dict[str, str], expected: tuple[str, str] | None
) -> None:
    """Its own or its base's, with the place; what is wrong with a mapping is left for who loads it."""
    written(tmp_path, **files)

    found = account_named_in(tmp_path / "m.yaml", Path("m.yaml"))

    assert (found and (found[0], found[1].replace(f"{tmp_path}/", ""))) == expected
    if expected is not None:
        assert load_mapping(tmp_path / "m.yaml").account == expected[0]
