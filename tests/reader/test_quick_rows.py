"""What is read the quick way is what the XML parser alone gives: the same cells, of the same types, or the same refusal."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import IO, Any

import pytest

from etl.errors import EtlError
from etl.reader import InputRules, alike_rows, open_input, shared_texts, sheet_cells, sheets_of
from etl.reader.alike_rows import AlikeRows
from etl.reader.quick_rows import rows_of
from etl.reader.serial_dates import Shows, moment, moments
from etl.reader.shared_texts import TextsOnDisk, kept, texts_at, texts_in
from etl.reader.workbook_parts import text_of
from etl.reader.xml_stream import elements

CORPUS = Path(__file__).parents[1] / "corpus" / "files"
WORKBOOKS = sorted(path for path in CORPUS.iterdir() if path.suffix in (".xlsx", ".xlsm"))
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
FORMATS = ("General", "dd/mm/yyyy", "dd/mm/yyyy hh:mm", "hh:mm", "[h]:mm", "00000", "0%", "0.00")

CELLS = (
    *(f' s="{style}"><v>{value}</v></c>' for style in range(9) for value in ("7", "45123", "45123.25", "-3", "1E-3")),
    *(f' t="s"><v>{number}</v></c>' for number in range(5)),
    ' t="b"><v>1</v></c>', ' t="b"><v>0</v></c>', ' t="e"><v>#N/A</v></c>', ' t="d"><v>2026-01-02</v></c>',
    ' t="str"><v>a &amp; b</v></c>', ' t="str"><f>A1&amp;"x"</f><v>text_x000D_</v></c>', "><f>1+1</f><v>2</v></c>",
    "><f>1+1</f></c>", "><f>1+1</f><v></v></c>", "/>", ' s="1"/>', "><v></v></c>", "><v/></c>", "></c>",
    ' t="inlineStr"><is><t>in line</t></is></c>', ' t="inlineStr"><is><t xml:space="preserve"> &lt; </t></is></c>',
    ' s="4" t="inlineStr"><is><t></t></is></c>', ' t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>',
    "><v>12345678901234567890</v></c>", "><v>1_0</v></c>", "><v> 5 </v></c>", "><v>&#53;</v></c>", "><v>٣</v></c>",
)  # fmt: skip
ODD = (
    " t=\"s\"><v>99</v></c>", ' t="s"><v>-1</v></c>', "><v>1\x02</v></c>", "><v>\r</v></c>", "><v>]]></v></c>", "><v>1<</v></c>",
    "><v>1</v></v></c>", '><v>1"><v>2</v></c>', f"><v>{'9' * 400}</v></c>", "><v>1e999</v></c>", "><v><!-- x -->1</v></c>",
    ' s="1" s="1"><v>1</v></c>', "><v>\ufffe</v></c>",
    ' x:y="1"><v>1</v></c>', "></v></c>", "<v>1</v></c>", "><v>1.2.3</v></c>", ' t="n"><v>&foo;</v></c>',
)  # fmt: skip
ATTRIBUTES = ("", ' spans="1:9"', ' hidden="1"', ' ht="0"', ' ht="15" customHeight="1"')


def sheet(random: Random, rows: int, odd: float) -> str:
    """Columns of mostly one form each, as in a table; some cells that are missing, and few in another form."""
    forms = [random.sample(CELLS, random.choice([1, 1, 2, 4])) for _ in range(random.randint(1, 9))]
    header = "".join(f'<c r="{letter}1" t="inlineStr"><is><t>{letter}</t></is></c>' for letter in "ABCDEFGHI")
    written = [f'<row r="1">{header}</row>']
    number = 1
    for _ in range(rows):
        number += random.choice([1, 1, 1, 1, 2])
        cells = [
            f'<c r="{"ABCDEFGHI"[place]}{number}"{random.choice(CELLS) if random.random() < 0.01 else random.choice(form)}'
            for place, form in enumerate(forms)
            if random.random() < 0.9
        ]
        if random.random() < odd:
            cells.insert(0, random.choice([f'<c r="A{number}"{random.choice(ODD)}', "junk", "<c><v>1</v></c>", "<x/>"]))
        attributes = ATTRIBUTES[0] if random.random() < 0.8 else random.choice(ATTRIBUTES)
        written.append(f'<row r="{number}"{attributes}>{"".join(cells)}</row>{random.choice(["", "", chr(10)])}')
    return f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(written)}</sheetData></worksheet>'


TEXTS = ("A", "", "B &amp; &lt;", " c ", "_x0041_", "<r/>")


def workbook(sheet_xml: str) -> bytes:
    """With five shared texts, and the formats above."""
    pointers = "".join(
        f'<Relationship Id="r{part}" Type="{OFFICE}/{kind}" Target="{part}.xml"/>'
        for part, kind in (("sheet", "worksheet"), ("styles", "styles"), ("texts", "sharedStrings"))
    )
    items = "".join(f"<si><t>{text}</t></si>" for text in TEXTS[:5])
    formats = "".join(f'<numFmt numFmtId="{164 + at}" formatCode="{code}"/>' for at, code in enumerate(FORMATS))
    styles = "".join(f'<xf numFmtId="{164 + at}"/>' for at in range(len(FORMATS)))
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships><Relationship Id="a" Type="{OFFICE}/officeDocument" Target="book.xml"/></Relationships>',
        "_rels/book.xml.rels": f"<Relationships>{pointers}</Relationships>",
        "book.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" r:id="rsheet"/></sheets></workbook>',
        "styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts>{formats}</numFmts><cellXfs>{styles}</cellXfs></styleSheet>',
        "texts.xml": f'<sst xmlns="{MAIN}">{items}</sst>',
        "sheet.xml": sheet_xml,
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def read(path: Path) -> list[Any] | str:
    """All that is read of a file, with types; the refusal where it is refused."""
    found: list[Any] = []
    try:
        for name in sheets_of(path):
            with open_input(path, InputRules(sheet=name)) as opened:
                found.append((opened.table.columns, opened.table.hidden_columns))
                for block in opened.blocks():
                    cells = [[(type(cell), cell) for cell in column] for column in block.columns.values()]
                    found.append((list(block.numbers), cells, sorted(block.hidden), block.merged))
    except EtlError as error:
        return error.message
    return found


def both_ways(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Any] | str, list[Any] | str]:
    """The quick way, which learns even from a few rows here; and through the XML parser alone."""
    monkeypatch.setattr(alike_rows, "_PATIENCE", 2)
    quick = read(path)
    with monkeypatch.context() as patched:
        patched.setattr(sheet_cells, "rows_of", lambda source, begin: elements(source, "row", begin))
        patched.setattr(
            "etl.reader.workbook.texts_in", lambda source: [[text_of(one) for one in elements(source, "si")]]
        )
        return quick, read(path)


@pytest.mark.parametrize("path", WORKBOOKS, ids=lambda path: path.name)
def test_corpus_is_the_same_both_ways(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each trap of the corpus gives the same cells, or the same words."""
    quick, whole = both_ways(path, monkeypatch)

    assert repr(quick) == repr(whole)  # as texts, because a NaN is not equal to itself


@pytest.mark.parametrize("seed", range(60))
def test_any_sheet_is_the_same_both_ways(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sheets as writers write them and as none does; where both ways refuse, they may differ in what they came upon first."""
    random = Random(seed)
    path = tmp_path / "any.xlsx"
    path.write_bytes(workbook(sheet(random, 40, odd=random.choice([0, 0, 0.02, 0.3]))))

    quick, whole = both_ways(path, monkeypatch)

    assert isinstance(quick, str) == isinstance(whole, str), (quick, whole)
    assert isinstance(quick, str) or repr(quick) == repr(whole)


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_each_odd_cell_is_the_same_both_ways(odd: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of them among rows that are alike."""
    rows = "".join(f'<row r="{number}"><c r="A{number}"><v>{number}</v></c></row>' for number in range(1, 40))
    path = tmp_path / "odd.xlsx"
    rows = rows.replace('<row r="31"', '<row r="31" hidden="1"').replace('<row r="25"', '<row r="25" ht="0"')
    broken = rows.replace('<c r="A30"><v>30</v></c>', f'<c r="A30"{odd}')
    path.write_bytes(workbook(f'<worksheet xmlns="{MAIN}"><sheetData>{broken}</sheetData></worksheet>'))

    quick, whole = both_ways(path, monkeypatch)

    assert isinstance(quick, str) == isinstance(whole, str), (quick, whole)
    assert isinstance(quick, str) or repr(quick) == repr(whole)


def test_rows_of_a_table_are_taken_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the tests above would compare nothing."""
    monkeypatch.setattr(alike_rows, "_PATIENCE", 2)
    row = '<row r="{0}"><c r="A{0}" t="s"><v>1</v></c><c r="C{0}" s="2"><v>5</v></c></row>'
    rows = "".join(row.format(number) for number in range(1, 500))
    source = io.BytesIO(f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'.encode())

    *others, found = rows_of(source, lambda _: None)

    assert isinstance(found, AlikeRows)
    assert len(found.rows) == 499 - len(others)
    assert len(others) == 2


def items(*texts: str) -> IO[bytes]:
    return io.BytesIO(f'<sst xmlns="{MAIN}">{"".join(texts)}</sst>'.encode())


@pytest.mark.parametrize(
    "item",
    [
        "<si><t>&amp;lt; &#65;</t></si>", "<si><t>&amp;amp;lt;</t></si>", '<si><t xml:space="preserve"> _x005F_ </t></si>',
        "<si/>", "<si><t/></si>", "<si><r><t>a</t></r><r><t>b</t></r></si>", "<si>\n<t>x</t></si>\n", "<si><t>a\r\nb</t></si>",
        "<si><t>सप्ताह 🙂</t></si>", "<si><t>]] ></t></si>", "<si><t><![CDATA[<]]></t></si>",
        "<si><t>a</t><rPh><t>b</t></rPh></si>",
        "<si><t>&gt;&quot;&apos;</t></si>", "<si><t></t></si>",
    ],
)  # fmt: skip
@pytest.mark.parametrize("most", [0, 500_000], ids=["on disk", "in memory"])
def test_shared_texts_are_the_same_both_ways(item: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In whatever form one of them is written, and wherever they are kept."""
    monkeypatch.setattr(shared_texts, "_MOST_IN_MEMORY", most)
    plain = [f"<si><t>text {number}</t></si>" for number in range(5)]

    found = kept(texts_in(items(*plain, item, *plain)))

    whole = [text_of(one) for one in elements(items(*plain, item, *plain), "si")]
    assert isinstance(found, TextsOnDisk) == (most == 0)
    assert [found[number] for number in range(11)] == whole == texts_at(found, range(11))
    with pytest.raises(IndexError):
        texts_at(found, [11])


def serials() -> Iterator[float]:
    yield from (
        -1,
        -1e-9,
        0,
        0.5,
        1,
        59,
        59.99999999,
        60,
        60.5,
        61,
        45123,
        45123.999999999,
        2958465,
        2958465.5,
        2958466,
        1e300,
    )
    random = Random(1)
    yield from (random.uniform(0, 60_000) for _ in range(200))


@pytest.mark.parametrize(
    "shows", [Shows(day=True), Shows(time=True), Shows(True, True), Shows(time=True, elapsed=True)]
)
@pytest.mark.parametrize("from_1904", [False, True])
def test_many_moments_are_what_each_is(shows: Shows, from_1904: bool) -> None:
    """The quick way for many dates gives what the way for one gives."""
    one = partial(moment, shows=shows, from_1904=from_1904)

    found = [
        moments([serial], shows, from_1904=from_1904) if abs(serial) < 1e9 else [one(serial)] for serial in serials()
    ]

    assert [(type(cell), cell) for [cell] in found] == [(type(one(serial)), one(serial)) for serial in serials()]
    for together in (
        [45123, 45124],
        [45123, 59],
        [45123.0, 45123.25, 61.5],
        [0.5, 45123, 45123.25],
        list(serials())[:-201],
    ):
        cells = moments(together, shows, from_1904=from_1904)
        assert [(type(cell), cell) for cell in cells] == [(type(one(serial)), one(serial)) for serial in together]
