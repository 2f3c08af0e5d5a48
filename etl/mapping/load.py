"""A mapping from its file, or everything that is wrong with it, each with file, line and column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.findings import (
    Finding,
    LookupFileMissing,
    NotAMapping,
    OptionUnused,
    Problem,
    TargetMissing,
    TargetNotSent,
    TargetTwice,
    UnknownTarget,
)
from etl.mapping.checks import faults
from etl.mapping.extending import self_contained, with_bases
from etl.mapping.model import lookup_of
from etl.mapping.shape import shaped
from etl.mapping.yaml_document import MOST_CHARACTERS, read_document, refusal
from etl.records import Place

if TYPE_CHECKING:
    from pathlib import Path as FilePath

    from etl.mapping.model import Mapping
    from etl.mapping.yaml_document import Document, Path

_NAMES_OF_TARGETS = (UnknownTarget, TargetNotSent, TargetTwice)


def load_mapping(path: FilePath, shown_as: FilePath | None = None) -> Mapping:
    """The mapping in a file.

    A mapping that extends another is read with its base; a kept copy stands for itself.

    Args:    path: the bytes to read. shown_as: for a kept copy, the path that messages name and beside which lookup
             files lay, which need not be there any more; `path` itself by default.
    Raises:  UsageError — with all findings, in the order of the file.
    """
    shown = shown_as or path
    document = with_bases(_document(path, shown), shown, lambda base: _document(base, base))
    mapping, findings = shaped(document)
    found = [*document.findings, *findings]
    if mapping is not None:
        mapping = mapping.placed_in(shown.parent, document)
        found += [_finding(document, fault_path, problem) for fault_path, problem in faults(mapping)]
        if shown_as is None:  # a kept copy may be read long after its lookup files are gone
            found += _missing_lookups(document, mapping)
    if found or mapping is None:
        raise refusal(str(shown), tuple(dict.fromkeys(found)))  # an alias may show one fault twice
    return mapping


def account_named_in(path: FilePath, shown_as: FilePath) -> tuple[str, str] | None:
    """The account that the mapping in a file names, itself or through its base, and where it does so, for messages.

    None where it names none, and where the file cannot be read as a mapping: that is for `load_mapping` to tell.
    """
    try:
        text = _text(path, str(path))
        if "account" not in text and "extends" not in text:
            return None  # most mappings; to read all of a large one takes a tenth of a second
        document = with_bases(read_document(text, str(shown_as)), path, lambda base: _document(base, base))
    except UsageError:
        return None
    name = document.plain.get("account") if isinstance(document.plain, dict) else None
    return (name, f"{document.place(('account',))}: account: {name}") if isinstance(name, str) and name else None


def kept_text(mapping: Mapping) -> str | None:
    """What is to be kept of a mapping that extends another: all of it in one text; None where the file is all of it.

    Raises:  UsageError — file and bases together are more than a mapping can be.
    """
    document = mapping.document
    if document is None or document.base is None:
        return None
    text = self_contained(document.plain)
    read_document(text, document.file)  # so that the copy can be read again
    return text


def _document(path: FilePath, shown: FilePath) -> Document:
    return read_document(_text(path, str(shown)), str(shown))


def _text(path: FilePath, shown: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(4 * MOST_CHARACTERS + 1)  # UTF-8 has at most four bytes for a character
    except FileNotFoundError as error:
        raise UsageError(f"{shown}: there is no such mapping file. Correct the path after -m.") from error
    except OSError as error:
        raise UsageError(f"{shown}: the mapping cannot be read: {error.strerror}.") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].removeprefix(b"\xef\xbb\xbf").decode("utf-8")
        column = len(before) - before.rfind("\n")
        place = Place(shown, line=before.count("\n") + 1, line_column=column)
        reason = f"the byte {content[error.start]:#04x} here is not UTF-8"
        raise refusal(shown, [Finding(place, NotAMapping(reason))]) from error


def _finding(document: Document, path: Path, problem: Problem) -> Finding:
    return Finding(document.place(path, of_key=_is_about_a_key(path, problem)), problem)


def _missing_lookups(document: Document, mapping: Mapping) -> list[Finding]:
    named = [((*mapped.path, "lookup"), lookup_of(mapped.rule)) for mapped in mapping.targets()]
    named.append((("translate",), mapping.translate))
    files = [(path, _placed(document, path, mapping, name)) for path, name in named if name]
    return [Finding(document.place(path), LookupFileMissing(str(file))) for path, file in files if not file.is_file()]


def _placed(document: Document, path: Path, mapping: Mapping, name: str) -> FilePath:
    try:
        return mapping.lookup_path(name)
    except UsageError as error:  # a URL that cannot be used
        raise UsageError(f"{document.place(path)}: {error.message}") from error


def _is_about_a_key(path: Path, problem: Problem) -> bool:
    """Under `values` a target is a key, under `columns` a value."""
    if path[:1] == ("values",) and isinstance(problem, _NAMES_OF_TARGETS):
        return True
    return isinstance(problem, (OptionUnused, TargetMissing))
