"""The parts of a workbook's zip: which sheets there are, where they are, and how numbers are shown.

Source: ECMA-376 Part 2 (parts and relationships), Part 1, 18.2 (workbook), 18.4 (shared strings), 18.8 (styles).
Read here and not by a library, because those read also colours, themes and print settings, and fail on them.
"""

from __future__ import annotations

import posixpath
import re
from typing import IO, TYPE_CHECKING, NamedTuple, Self, TypeAlias

from etl.reader.bounds import opened_part, opened_zip
from etl.reader.number_formats import NumberShape, currency_in, shape_of
from etl.reader.serial_dates import BUILT_IN, Shows, shown_by
from etl.reader.xml_stream import local_name, namespace_of, whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

_ESCAPED = re.compile(
    r"_x(?!D[89A-F])([0-9A-F]{4})_", re.IGNORECASE
)  # ST_Xstring; half a surrogate pair stays as it is

Style: TypeAlias = Shows | NumberShape | None
"""How the cells of one style show a number: as a date or time, in a shape of its own, or by its digits."""

_BUILT_IN: dict[int, Style] = {**BUILT_IN, 9: shape_of("0%"), 10: shape_of("0.00%")}  # ECMA-376 Part 1, 18.8.30


class Sheet(NamedTuple):
    """A worksheet: the name on its tab, whether the tab shows, and the part that holds its cells."""

    name: str
    visible: bool
    part: str


class _Target(NamedTuple):
    """What one part points to: id of the pointer, last word of its type, name of the part."""

    id: str
    kind: str
    part: str


class WorkbookParts:
    """An open workbook. Raises KeyError, ValueError, ParseError or BadZipFile where it is damaged."""

    def __init__(self, path: Path) -> None:
        self._archive = opened_zip(path)
        self.currencies: dict[str, str] = {}
        try:
            self._read_workbook()
        except BaseException:
            self._archive.close()
            raise

    def _read_workbook(self) -> None:
        # Some writers differ in upper case, leading slashes or backslashes between the list and the pointers.
        self._names = {_normal(name): name for name in self._archive.namelist()}
        workbook_part = next((target.part for target in self._pointers_of("") if target.kind == "officeDocument"), "")
        self._targets = self._pointers_of(workbook_part)
        root = self._tree(workbook_part)
        self.from_1904 = any(
            _is_true(element.get("date1904")) for element in root if local_name(element) == "workbookPr"
        )
        self.sheets = tuple(self._sheets_of(root))

    def open(self, part: str) -> IO[bytes]:
        return opened_part(self._archive, self._names[_normal(part)])

    def shared_strings(self) -> IO[bytes] | None:
        """The part with the texts that cells refer to by number, if there is one."""
        part = self._first_of_kind("sharedStrings")
        return None if part is None else self.open(part)

    def cell_styles(self) -> list[Style]:
        """By a cell's style number: how its format shows a number, None for one that shows its digits.

        What the same formats say about currencies stands in `currencies` then, by the style number as cells write it.
        """
        part = self._first_of_kind("styles")
        if part is None:
            return []
        root = self._tree(part)
        namespace = namespace_of(root)
        custom = {
            element.get("numFmtId"): _style_of(element.get("formatCode", ""))
            for element in root.iterfind(f"{namespace}numFmts/{namespace}numFmt")
        }
        ids = [element.get("numFmtId", "0") for element in root.iterfind(f"{namespace}cellXfs/{namespace}xf")]
        signs = {
            element.get("numFmtId"): currency_in(element.get("formatCode", ""))
            for element in root.iterfind(f"{namespace}numFmts/{namespace}numFmt")
        }
        self.currencies = {str(style): sign for style, number in enumerate(ids) if (sign := signs.get(number))}
        return [custom[number] if number in custom else _BUILT_IN.get(int(number)) for number in ids]

    def close(self) -> None:
        self._archive.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sheets_of(self, workbook: Element) -> Iterator[Sheet]:
        """Worksheets in the order of their tabs; sheets that hold a chart or a dialogue have no rows."""
        by_id = {target.id: target for target in self._targets}
        for element in workbook.iterfind(f"{namespace_of(workbook)}sheets/*"):
            pointer = next((value for key, value in element.items() if key.endswith("}id")), "")
            target = by_id.get(pointer)
            if target and target.kind == "worksheet":
                yield Sheet(element.get("name", ""), element.get("state", "visible") == "visible", target.part)

    def _tree(self, part: str) -> Element:
        with self.open(part) as source:
            return whole(source)

    def _first_of_kind(self, kind: str) -> str | None:
        return next((target.part for target in self._targets if target.kind == kind), None)

    def _pointers_of(self, part: str) -> list[_Target]:
        folder, name = posixpath.split(part)
        root = self._tree(posixpath.join(folder, "_rels", f"{name}.rels"))
        return [
            _Target(
                element.get("Id", ""),
                element.get("Type", "").rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, element.get("Target", "").replace("\\", "/"))),
            )
            for element in root
        ]


def _style_of(format_code: str) -> Style:
    return shown_by(format_code) or shape_of(format_code)


def text_of(item: Element) -> str:
    """The text of a shared or inline string: plain or in formatted runs, without its phonetic reading."""
    if len(item) == 1 and item[0].tag.endswith("}t"):
        return unescaped(item[0].text or "")
    namespace = namespace_of(item)
    plain, run = f"{namespace}t", f"{namespace}r"
    return unescaped("".join(_run_text(child, plain) for child in item if child.tag in (plain, run)))


def unescaped(text: str) -> str:
    r"""A text with `_x000D_` and the like as the characters they stand for, and each line break as \n."""
    if "_x" in text or "_X" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _run_text(child: Element, plain: str) -> str:
    return (child.text if child.tag == plain else child.findtext(plain)) or ""


def _normal(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _is_true(flag: str | None) -> bool:
    return flag in ("1", "true", "on")
