"""A mapping that extends another one: the keys of the file over those of its base, for branches that differ a little."""

from __future__ import annotations

import json
import os.path
from typing import TYPE_CHECKING, Any

from etl.errors import UsageError
from etl.findings import BaseUnusable, Finding
from etl.mapping.yaml_document import Document, merges_at, refusal
from etl.places import is_url, place_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path as FilePath

    from etl.mapping.yaml_document import Path, Plain

MOST_BASES = 5
_EXTENDS = "extends"
_OF_ONE_FILE = ("name", _EXTENDS)  # rows of two branches are told apart by name, so none takes over that of its base
_NOT_ESCAPED = {  # by JSON, and YAML 1.2 (5.1, 5.4) takes them for a line break or refuses them
    code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF)
}


def with_bases(document: Document, shown: FilePath, read: Callable[[FilePath], Document]) -> Document:
    """The document over the one that it extends, and so on; itself if it extends none. read: a document by its path.

    Raises:  UsageError — there is no such base, the chain leads back to a file in it, or is too long.
    """
    return _with_bases(document, shown, read, (shown,))


def _with_bases(
    document: Document, shown: FilePath, read: Callable[[FilePath], Document], chain: tuple[FilePath, ...]
) -> Document:
    named = document.plain.get(_EXTENDS) if isinstance(document.plain, dict) else None
    if not isinstance(named, str) or not named.strip():
        return document  # what is no text is refused with the shape of the mapping
    try:
        path = shown.parent / place_of(named)
    except UsageError as error:  # a URL that cannot be used
        raise UsageError(f"{document.place((_EXTENDS,))}: {error.message}") from error
    reason = _why_not(path, chain)
    if reason is not None:
        raise refusal(str(shown), [Finding(document.place((_EXTENDS,)), BaseUnusable(named, reason))])
    base = _with_bases(read(path), path, read, (*chain, path))
    of_base = {key: value for key, value in _keys(base.plain).items() if key not in _OF_ONE_FILE}
    moved = _moved(of_base, path.parent, shown.parent)
    return document.over(base, merged(document.plain, moved))


def _why_not(path: FilePath, chain: tuple[FilePath, ...]) -> str | None:
    if not path.is_file():
        return f"there is no file {path}"
    if path.resolve() in {one.resolve() for one in chain}:
        return "it leads back to a file that extends it"
    return f"more than {MOST_BASES} files extend one another" if len(chain) > MOST_BASES else None


def merged(own: Plain, base: Plain, path: Path = ()) -> Plain:
    """Keys are put together, those of the file's own win; lists, and entries of `columns` and `values`, replace."""
    if not (isinstance(own, dict) and isinstance(base, dict) and merges_at(path)):
        return own
    together = dict(base)
    for key, value in own.items():
        together[key] = merged(value, base[key], (*path, key)) if key in base else value
    return together


def self_contained(plain: Plain) -> str:
    """The whole mapping as YAML that extends nothing, with each scalar as its text: what is kept with a run."""
    whole = {key: value for key, value in _keys(plain).items() if key != _EXTENDS}
    return json.dumps(whole, ensure_ascii=False, indent=1).translate(_NOT_ESCAPED) + "\n"


def _moved(plain: dict[str, Plain], folder: FilePath, to: FilePath) -> dict[str, Plain]:
    """The same, with its files named as they lie from another folder."""
    if folder.resolve() == to.resolve():
        return plain

    def seen(name: Any) -> Any:
        if not isinstance(name, str):
            return name
        try:
            lies = folder / place_of(name)
        except UsageError:
            return name  # told where it is looked for
        return str(lies) if is_url(lies) or is_url(to) else os.path.relpath(lies, to)

    def rule(value: Any) -> Any:
        if isinstance(value, list):
            return [rule(one) for one in value]
        return {**value, "lookup": seen(value["lookup"])} if isinstance(value, dict) and "lookup" in value else value

    columns = plain.get("columns")
    moved = dict(plain)
    if isinstance(columns, dict):
        moved["columns"] = {header: rule(value) for header, value in columns.items()}
    elif isinstance(columns, list):
        moved["columns"] = rule(columns)
    if "translate" in plain:
        moved["translate"] = seen(plain["translate"])
    return moved


def _keys(plain: Plain) -> dict[str, Plain]:
    return plain if isinstance(plain, dict) else {}
