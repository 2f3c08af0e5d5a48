"""Values of cells keep their shape on a page and lose their content."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.reconciler.report.masking import masked, shape_of

SHAPES = {
    "e-mail": ("anita.rao@example.com", "a•••.r•••@e•••.com"),
    "short e-mail": ("a@b.in", "a•••@b•••.in"),
    "phone": ("+91 98400-12345", "+•• •••••-•••••"),
    "name": ("Ravi Kumar", "R••• K•••"),
    "date": ("31/02/2026 10:00", "••/••/•••• ••:••"),
    "another script": ("रवि कुमार", "र••• क•••"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("value", "shape"), SHAPES.values(), ids=SHAPES.keys())
def test_a_value_keeps_its_shape(value: str, shape: str) -> None:
    """First letters and separators stay, digits and the rest of words become dots."""
    assert shape_of(value) == shape


TEXTS = {
    "quoted value": ('B18: "31/02/2026" is no date.', (), 'B18: "••/••/••••" is no date.'),
    "word of the mapping": ('Known: "Site Visit".', (), 'Known: "Site Visit".'),
    "LeadSquared's words": ("No lead ravi.k@example.com", (), "No lead r•••.k•••@e•••.com"),
    "a long number": ("Phone 98400 12345 is taken", (), "Phone ••••• ••••• is taken"),
    "a name without quotes": ("Owner Meera Iyer is inactive", ("Meera Iyer",), "Owner M••• I••• is inactive"),
    "a name in other letters": ("owner MEERA IYER", ("Meera Iyer",), "owner M••• I•••"),
    "a number of ours": ("LeadSquared code 404", (), "LeadSquared code 404"),
}


@pytest.mark.parametrize(("text", "values", "shown"), TEXTS.values(), ids=TEXTS.keys())
def test_a_text_loses_its_values(text: str, values: tuple[str, ...], shown: str) -> None:
    """What is quoted, what looks like an address or number, and the row's own cells; not the mapping's words."""
    assert masked(text, {"Site Visit"}, values) == shown


@settings(max_examples=40)
@given(st.emails(), st.text("abcdefgh ,.", max_size=20))
def test_no_address_survives(address: str, words: str) -> None:
    """Wherever an address of a row stands in a sentence, it is not there any more afterwards."""
    text = f'{words} "{address}" {words} ({address})'

    assert address not in masked(text, frozenset(), [address])
