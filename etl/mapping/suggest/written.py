"""A proposal as the text of a mapping: every line with what it was taken from, what is not sure as a comment."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from etl.mapping.suggest.proposal import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from etl.mapping.suggest.proposal import Proposal, ProposedColumn

SCHEMA_FILE = "mapping.schema.json"
_WIDTH, _COMMENT_AT = 118, 44
_PLAIN = re.compile(r"[^\W_](?:[\w ./+()%?-]*[\w.)%/?])?")
_SPECIAL = re.compile(r"(?i)(true|false|null|yes|no|on|off|~|[0-9.+-].*)")


def written(proposal: Proposal, mapping_file: str) -> str:
    """The whole file. mapping_file: its name, for the commands in its head."""
    return "\n".join([*_head(proposal, mapping_file), *_body(proposal)]) + "\n"


def scalar(value: object, *, in_flow: bool = False) -> str:
    """A text as YAML holds it: plain where it stays what it is, quoted where a sign in it means something."""
    text = str(value)
    is_plain = _PLAIN.fullmatch(text) is not None and not _SPECIAL.fullmatch(text) and "  " not in text
    return text if is_plain and not (in_flow and text.endswith(" ")) else _quoted(text)


def flow(value: object) -> str:
    """A value in one line: `{type: choice, options: [SV, RV]}`."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        if len(value) == 1 and isinstance(value, tuple):
            return flow(value[0])
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, int):
        return str(value)
    text = scalar(value, in_flow=True)
    return _quoted(text) if "%" in text and not text.startswith('"') else text


def _quoted(text: str) -> str:
    """In double quotes; signs that YAML does not take, or that nobody sees, by their number (YAML 1.2, 5.1 and 5.7)."""
    written_out = json.dumps(text, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else _by_number(sign) for sign in written_out)


def _by_number(sign: str) -> str:
    return f"\\u{ord(sign):04X}" if ord(sign) < 1 << 16 else f"\\U{ord(sign):08X}"


def _key(key: object) -> str:
    return f'"{key}"' if key in ("true", "false") else scalar(key, in_flow=True)


def _head(proposal: Proposal, mapping_file: str) -> Iterator[str]:
    sample = proposal.sample
    which = (
        f"all {sample.data_rows:,} rows"
        if sample.is_whole
        else f"the first {len(sample.numbers):,} of {sample.data_rows:,} rows"
    )
    file, mapping = sample.file, mapping_file
    yield f"# yaml-language-server: $schema={SCHEMA_FILE}"
    yield "#"
    yield f"# Proposed by etl init from {which} of {file}. Behind each line stands what it was taken from: read it once."
    yield f"#   etl explain {mapping} {file}      says in plain sentences what it does"
    yield f"#   etl check {file} -m {mapping}     reads every row and sends nothing"
    yield f"#   etl run {file} -m {mapping} --rehearse     tries the import out on this machine"
    yield ""


def _body(proposal: Proposal) -> Iterator[str]:
    yield "version: 1"
    yield _commented(
        f"name: {scalar(proposal.name)}",
        "who these rows are: keep it, or all rows count as new ones",
    )
    yield _commented(f"operation: {proposal.operation}", proposal.operation_why)
    if proposal.search_by:
        yield _commented(f"search_by: {proposal.search_by}", "the unique lead field that SearchByValue holds")
    if proposal.find_by:
        yield ""
        yield "leads:"
        yield _commented(
            f"  find_by: {flow([dict(one) for one in proposal.find_by])}",
            "asked in this order; a row needs one of them",
        )
        yield _commented("  missing: report", "rows of leads that LeadSquared does not have are not sent, and listed")
    yield from _input(proposal)
    yield from _activity(proposal)
    yield ""
    yield from _columns(proposal)
    yield from _values(proposal)
    yield from _memory(proposal)


def _input(proposal: Proposal) -> Iterator[str]:
    sample = proposal.sample
    lines = []
    if sample.sheet is not None:
        lines.append(_commented(f"  sheet: {scalar(sample.sheet)}", "the sheet that holds the rows"))
    if sample.header_row != 1:
        row = sample.header_row
        where = (
            f"the headers stand in row {row}"
            if isinstance(row, int)
            else f"the headers stand in the rows {row[0]} and {row[1]}"
        )
        said = (
            "auto"
            if isinstance(row, int) and sample.is_header_found
            else flow(list(row) if isinstance(row, tuple) else row)
        )
        lines.append(_commented(f"  header_row: {said}", where))
    if sample.delimiter is not None:
        lines.append(_commented(f"  delimiter: {_quoted(sample.delimiter)}", "what stands between the cells"))
    if sample.end is not None:
        lines.append(
            _commented(
                f"  stop_at: {_quoted(sample.end.text)}",
                f"the table ends at row {sample.end.row}, whose first cell says this",
            )
        )
    lines += _setting("  time_zone", proposal.time_zone)
    if proposal.empty_values:
        lines.append(
            _commented(f"  empty_values: {flow(['', *proposal.empty_values])}", "these stand in the sheet for nothing")
        )
    lines += [*_setting("  hidden", proposal.hidden), *_setting("  merged", proposal.merged)]
    if any(not line.lstrip().startswith("#") for line in lines):
        yield from ("", "input:", *lines)
    elif lines:
        yield from (
            "",
            "# input:",
            *(f"# {line.lstrip().removeprefix('# ')}" if line.lstrip().startswith("# ") else line for line in lines),
        )


def _activity(proposal: Proposal) -> Iterator[str]:
    if proposal.event is None:
        yield from (
            "",
            "# activity: {event: …}   # an update knows its activity by the id alone; the type may be named as a check",
        )
        return
    named = {"event": proposal.event.value} | ({"name": proposal.event_name} if proposal.event_name else {})
    yield ""
    yield from _above_or_behind(f"activity: {flow(named)}", proposal.event.why)


def _columns(proposal: Proposal) -> Iterator[str]:
    left_out = [one for one in proposal.columns if not one.is_active]
    yield _commented("columns:", "column of the sheet → target in LeadSquared")
    for one in proposal.active:
        yield from _entry(one, "  ")
    if left_out:
        yield ""
        yield "  # Not filled in. To send one of these, put the right target in its place and take the # away."
    for one in left_out:
        yield from _entry(one, "  # ")
    for field in proposal.missing:
        yield f"  # The account asks for a value of {field} in every activity, and nothing fills it."


def _entry(one: ProposedColumn, indent: str) -> Iterator[str]:
    settings = dict(one.settings)
    target: object = {"to": one.target or "…", **settings} if settings else (one.target or "…")
    line = f"{indent}{scalar(one.column.header or f'column {one.column.letter}')}: {flow(target)}"
    why = "; ".join(one.why)
    if len(line) + 3 + len(why) <= _WIDTH:
        yield _commented(line, why)
        return
    lead = "  # " if indent == "  " else "  #   "
    yield from (f"{lead}{part}" for part in _wrapped(why, _WIDTH - len(lead)))
    yield line


def _values(proposal: Proposal) -> Iterator[str]:
    if proposal.joined:
        yield from ("", _commented("values:", "what no single column holds"))
        for target, rule in proposal.joined.items():
            yield _commented(f"  {target}: {flow(dict(rule))}", "day and time of day from two columns")


def _memory(proposal: Proposal) -> Iterator[str]:
    lines = [*_setting("unique_by", proposal.unique_by), *_setting("row_key_field", proposal.row_key_field)]
    if lines:
        yield from ("", *lines)


def _setting(key: str, line: Line | None) -> list[str]:
    """A setting with its comment, or as a comment where it has no value."""
    if line is None:
        return []
    if line.value is not None:
        return _above_or_behind(f"{key}: {flow(line.value)}", line.why)
    indent = key[: len(key) - len(key.lstrip())]
    return _above_or_behind(f"{indent}# {key.lstrip()}: {line.example or '…'}", line.why)


def _above_or_behind(text: str, why: str) -> list[str]:
    if len(text) + 3 + len(why) <= _WIDTH:
        return [_commented(text, why)]
    indent = text[: len(text) - len(text.lstrip())]
    return [*(f"{indent}# {part}" for part in _wrapped(why, _WIDTH - len(indent) - 2)), text]


def _commented(line: str, why: str) -> str:
    """A line and why. Line breaks of a cell would end the comment."""
    return f"{line:<{_COMMENT_AT}} # {_one_line(why)}" if why else line


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _wrapped(text: str, width: int) -> Iterable[str]:
    words = _one_line(text).split(" ")
    line = words[0]
    for word in words[1:]:
        if len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line += f" {word}"
    yield line
