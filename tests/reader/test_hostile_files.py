"""Files that are made to do harm, or are far larger than any table, are refused with words, in little memory and time."""

from __future__ import annotations

import gzip
import io
import sys
import zipfile
from collections.abc import Callable

import pytest

from tests.laws.fence import Told, behind_the_fence
from tests.reader.bombs import Swollen, crowded_zip, swollen_zip

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded by what Linux offers for it")

MEGABYTES, SECONDS = 150, 5
"""What a process may take beyond what it had when everything was loaded, and for how long it may compute."""

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEET, STRINGS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
OPEN_SHEET = f'<worksheet xmlns="{MAIN}"><sheetData>'.encode()
CLOSED_SHEET = b"</sheetData></worksheet>"
HEADER = b'<row r="1"><c r="A1" t="inlineStr"><is><t>A</t></is></c></row>'
ROW = b'<row r="2"><c r="A2" t="inlineStr"><is><t>x</t></is></c></row>'


def parts(**other: bytes) -> dict[str, bytes]:
    """The parts of a workbook with one sheet and one row."""
    pointers = "".join(
        f'<Relationship Id="{kind}" Type="{TYPES}/{kind}" Target="{target}"/>'
        for kind, target in {
            "worksheet": "worksheets/sheet1.xml",
            "sharedStrings": "sharedStrings.xml",
            "styles": "styles.xml",
        }.items()
    )
    root = (
        f'<Relationships><Relationship Id="r" Type="{TYPES}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    )
    tabs = f'<workbook xmlns="{MAIN}" xmlns:r="{TYPES}"><sheets><sheet name="S" r:id="worksheet"/></sheets></workbook>'
    return {
        "[Content_Types].xml": b"<Types/>",
        "_rels/.rels": root.encode(),
        "xl/workbook.xml": tabs.encode(),
        "xl/_rels/workbook.xml.rels": f"<Relationships>{pointers}</Relationships>".encode(),
        STRINGS: f'<sst xmlns="{MAIN}"/>'.encode(),
        STYLES: f'<styleSheet xmlns="{MAIN}"/>'.encode(),
        SHEET: OPEN_SHEET + HEADER + ROW + CLOSED_SHEET,
        **other,
    }


def with_part(name: str, text: bytes, megabytes: int, before: bytes = b"", behind: bytes = b"", **more: int) -> bytes:
    plain = {other: content for other, content in parts().items() if other != name}
    return swollen_zip(plain, {name: Swollen(text, megabytes, before, behind, **more)})


def in_sheet(text: bytes, megabytes: int, before: bytes = OPEN_SHEET + HEADER, behind: bytes = CLOSED_SHEET) -> bytes:
    return with_part(SHEET, text, megabytes, before, behind)


def workbook(data: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts(**{SHEET: OPEN_SHEET + data + CLOSED_SHEET}).items():
            archive.writestr(name, content)
    return target.getvalue()


OFFICE, TABLE, TEXT = (f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("office", "table", "text"))
ODS_KIND = {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}
ODS_HEAD = (
    f'<o:document-content xmlns:o="{OFFICE}" xmlns:a="{TABLE}" xmlns:t="{TEXT}"><o:body><o:spreadsheet><a:table a:name="S">'
).encode()
ODS_END = b"</a:table></o:spreadsheet></o:body></o:document-content>"


def document(text: bytes, megabytes: int, before: bytes) -> bytes:
    """An OpenDocument spreadsheet, swollen behind the opening of its first table."""
    return swollen_zip(ODS_KIND, {"content.xml": Swollen(text, megabytes, ODS_HEAD + before, ODS_END)})


def zipped(*files: tuple[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return target.getvalue()


def gzip_bomb() -> bytes:
    block = gzip.compress(bytes(1 << 20))
    return block * 400  # members of a gzip file follow each other (RFC 1952, 2.2)


ODS_HEADER = b'<a:table-row><a:table-cell o:value-type="string"><t:p>A</t:p></a:table-cell></a:table-row>'
ODS_TEXT = b'<a:table-row><a:table-cell o:value-type="string"><t:p>'
ODS_MANY = (
    b'<a:table-row a:number-rows-repeated="1048575"><a:table-cell a:number-columns-repeated="16384" o:value-type="string">'
    b"<t:p>x</t:p></a:table-cell></a:table-row>"
)

HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "grows_a_thousandfold.xlsx": (lambda: in_sheet(b"<row/>", 1000), "grows from 1 MB to 1,000 MB"),
    "says_that_it_is_small.xlsx": (lambda: with_part(SHEET, b"<row/>", 900, OPEN_SHEET, stated=900), "damaged"),
    "one_enormous_cell.xlsx": (lambda: in_sheet(b"a", 60, OPEN_SHEET + HEADER + ROW[:40]), "a cell of more than 2 MB"),
    "one_endless_row.xlsx": (lambda: in_sheet(b"<c/>", 60, OPEN_SHEET + HEADER + b"<row>"), "of more than 200,000 elements"),
    "deep.xlsx": (lambda: in_sheet(b"<c>", 12, OPEN_SHEET + HEADER + b"<row>"), "nested more than 64 levels deep"),
    "endless_comment.xlsx": (lambda: in_sheet(b"<!-- -->", 60, OPEN_SHEET + HEADER), "a cell of more than 2 MB"),
    "enormous_tag.xlsx": (lambda: in_sheet(b' a="b"', 60, OPEN_SHEET + HEADER + b"<row"), "a cell of more than 2 MB"),
    "many_texts.xlsx": (lambda: with_part(STRINGS, b"<si/>", 500, f'<sst xmlns="{MAIN}">'.encode()), "grows from"),
    "endless_text.xlsx": (
        lambda: with_part(STRINGS, b"<r/>", 60, f'<sst xmlns="{MAIN}"><si>'.encode()), "of more than 200,000 elements"
    ),
    "many_formats.xlsx": (
        lambda: with_part(STYLES, b"<xf/>", 60, f'<styleSheet xmlns="{MAIN}"><cellXfs>'.encode()), "more formats than"
    ),
    "large_formats.xlsx": (lambda: with_part(STYLES, b"x", 65), "grows from"),
    "crowded.xlsx": (lambda: crowded_zip(100_000), "a list of parts of 10 MB"),
    "row_beyond_excel.xlsx": (lambda: workbook(HEADER + ROW.replace(b"2", b"1048577")), "row 1048577"),
    "row_twice.xlsx": (lambda: workbook(HEADER + ROW + ROW), "row 2 stands behind row 2"),
    "cell_twice.xlsx": (lambda: workbook(HEADER + ROW.replace(b"</row>", ROW[12:])), "damaged"),
    "external_entity.xlsx": (
        lambda: zipped(*(parts(**{SHEET: b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x>&x;</x>'}).items())), "damaged"
    ),
    "nested.zip": (lambda: zipped(("in.zip", zipped(("in.zip", zipped(("a.csv", b"A\n1\n")))))), "compressed twice"),
    "repeated.ods": (
        lambda: zipped(*ODS_KIND.items(), ("content.xml", ODS_HEAD + ODS_MANY + ODS_END)), "more than 20,000,000 times"
    ),
    "enormous_cell.ods": (lambda: document(b"x", 60, ODS_HEADER + ODS_TEXT), "a cell of more than 2 MB"),
    "endless_row.ods": (lambda: document(b"<a:table-cell/>", 60, ODS_HEADER + b"<a:table-row>"), "of more than 200,000 elements"),
    "deep.ods": (lambda: document(b"<t:p>", 30, ODS_HEADER + ODS_TEXT), "nested more than 64 levels deep"),
    "enormous_cell.csv": (lambda: b"A,B\n1,2\n3," + b"x" * (24 << 20) + b"\n", "row 3 (line 3)"),
    "enormous_quoted_cell.csv": (lambda: b'A,B\n1,2\n3,"' + b"x\n" * (8 << 20) + b'"\n', "row 3 (line 3)"),
    "row_of_many_lines.csv": (lambda: b"A,B\n1,2\n3," + b'"\n",' * 1_500_000, "row 3 (line 3)"),
    "million_columns.csv": (lambda: b",".join([b"c"] * 1_000_000) + b"\n" + b"," * 999_999, "1,000,000 columns"),
    "one_line_of_utf16.csv": (lambda: ("A\n" + "x" * (8 << 20)).encode("utf-16"), "line 2"),
    "large.yaml": (lambda: b"a: &a\n" + b" - x\n" * (2 << 20), "it has 4,000,001 characters"),
    "deep.yaml": (lambda: b"[a," * 300_000, "nested or repeated"),
    "laughs.yaml": (lambda: b"a: &a [x,x]\n" + b"".join(
        f"a{i}: &a{i} [*a{i - 1 or ''},*a{i - 1 or ''}]\n".encode() for i in range(1, 60)), "nested or repeated"),
}  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    """What came of each file, read in a process of its own behind the fence."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, (content, _) in HOSTILE.items():
        (folder / name).write_bytes(content())
    found = behind_the_fence([(folder / name, {}) for name in HOSTILE], MEGABYTES, SECONDS)
    for name in HOSTILE:
        (folder / name).unlink()
    return dict(zip(HOSTILE, found, strict=True))


@pytest.mark.parametrize("name", HOSTILE)
def test_harm_is_refused_with_words(told: dict[str, Told], name: str) -> None:
    """The message says what is wrong with the file, and neither memory nor time runs out."""
    found = told[name]
    assert found.is_lawful, found
    assert HOSTILE[name][1] in found.words
    assert found.megabytes < MEGABYTES
    assert found.seconds < SECONDS
