"""`routes.yaml`: which files of an inbox go through which mapping into which account, and which are expected when.

What is wrong with it is told as of a mapping: every fault with file, line and column, unknown keys with the nearest known one.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema

from etl.errors import UsageError
from etl.findings import Finding, MissingKey, Problem, UnknownKey, WrongValue
from etl.inbox.expected import Expected, read_expected
from etl.mapping.headers import nearest
from etl.mapping.scalars import Switch, Text, Texts, Version, WholeNumber, expected
from etl.mapping.shape import path_of
from etl.mapping.target_rules import FORM_TAGS, Part
from etl.mapping.yaml_document import MOST_CHARACTERS, found_in_words, read_document
from etl.places import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path as FilePath

    from pydantic_core import ErrorDetails

    from etl.mapping.yaml_document import Document, Path

ROUTES_FILE = "routes.yaml"
_SECONDS = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,3})?)\s*(s|m)")
_PER_UNIT = {"s": 1, "m": 60}


def _settle(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    found = _SECONDS.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise expected("a length of time like 10s or 2m")
    return float(found[1]) * _PER_UNIT[found[2]]


def _expected(value: object) -> object:
    if isinstance(value, Expected):
        return value
    found = read_expected(value) if isinstance(value, str) else None
    if found is None:
        raise expected('days and an hour, like "daily by 20:00", "weekdays by 9:30" or "monday, thursday by 20:00"')
    return found


Seconds = Annotated[
    float,
    BeforeValidator(_settle),
    WithJsonSchema({"type": "string", "pattern": r"^\s*[0-9]{1,5}(\.[0-9]{1,3})?\s*(s|m)\s*$"}),
]
AnyExpected = Annotated[
    Expected,
    BeforeValidator(_expected),
    WithJsonSchema({"type": "string", "pattern": r"^\s*[A-Za-z, ]+ by ([01]?[0-9]|2[0-3]):[0-5][0-9]\s*$"}),
]


class RouteRules(Part):
    """Where files of one kind go. The route's name, like that of a branch, is the key above."""

    files: Texts
    """Patterns of file names, like nagpur*.xlsx; capitals and small letters are the same."""
    mapping: Text
    """The mapping file, beside this one or by its whole path."""
    account: Text | None = None
    """Account of the settings file; default: the one that the mapping or the command's surroundings say."""
    expected: AnyExpected | None = None
    """When a file has to be there: daily by 20:00, weekdays by 9:30, monday by 12:00; in the time_zone of this file."""
    no_rows: Literal["ok"] | None = None
    """ok: a file with a header and no rows is fine."""
    rows_ok: WholeNumber | None = None
    """Up to so many rows of a file are meant, where that is unusual; see --rows-ok of etl run."""
    all_or_nothing: Switch = False
    """Send a file only if every row of it is valid; for payments, say."""
    submitter: Text | None = None
    """E-mail address of who sends these files, to be told what to correct."""


class RoutesFile(Part):
    """A whole routes.yaml."""

    version: Version
    """Version of this form of file."""
    time_zone: Text | None = None
    """Zone of the hours in `expected`, and of the days after which folders are named, like Asia/Kolkata."""
    settle: Seconds = Field(default=10.0, ge=0)
    """For how long a file must not have changed before it is taken, like 10s or 2m."""
    routes: dict[Text, RouteRules] = Field(min_length=1)
    """Name → where these files go."""


@dataclass(frozen=True, slots=True)
class Route:
    """One entry of routes.yaml. mapping: a path that can be opened."""

    name: str
    rules: RouteRules
    mapping: FilePath

    def takes(self, file_name: str) -> bool:
        """Whether a file of that name is one of this route."""
        folded = file_name.casefold()
        return any(fnmatchcase(folded, pattern.casefold()) for pattern in self.rules.files)


@dataclass(frozen=True, slots=True)
class Routes:
    """All routes of an inbox. path: the file they stand in. zone: None where none is named, and nothing is expected."""

    path: FilePath
    routes: tuple[Route, ...]
    zone: ZoneInfo | None
    settle_seconds: float

    def of(self, file_name: str) -> list[Route]:
        """The routes that take a file of that name; there should be one."""
        return [route for route in self.routes if route.takes(file_name)]


def load_routes(path: FilePath) -> Routes:
    """The routes in a file.

    Raises: UsageError — with all findings, in the order of the file.
    """
    document = _document(path)
    rules, findings = _shaped(document)
    found = [*document.findings, *findings]
    if rules is not None:
        found += list(_faults(rules, document, path))
    if found or rules is None:
        raise _refusal(path, sorted(set(found), key=_place_of))
    routes = tuple(
        Route(name, one, (path.parent / place_of(one.mapping)).resolve()) for name, one in rules.routes.items()
    )
    return Routes(path, routes, ZoneInfo(rules.time_zone) if rules.time_zone else None, rules.settle)


def _document(path: FilePath) -> Document:
    try:
        with path.open("rb") as stream:
            text = stream.read(4 * MOST_CHARACTERS + 1).decode("utf-8-sig")
    except FileNotFoundError as error:
        raise UsageError(
            f"{path}: there is no such file. It says which files of the inbox go through which mapping; etl inbox --help "
            "shows one."
        ) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8. Save it as UTF-8.") from error
    try:
        return read_document(text, str(path))
    except UsageError as error:
        raise _refusal(path, error.findings) from error


def _refusal(path: FilePath, findings: Any) -> UsageError:
    problems = "1 problem" if len(findings) == 1 else f"{len(findings)} problems"
    return UsageError(f"{path} cannot be used as routes: {problems}. Nothing was taken or sent.", findings)


def _place_of(finding: Finding) -> tuple[int, int]:
    return finding.place.line or 0, finding.place.line_column or 0


def _shaped(document: Document) -> tuple[RoutesFile | None, list[Finding]]:
    """Unknown keys are set aside after they have been noted, so that the rest can be checked as well."""
    try:
        return RoutesFile.model_validate(document.plain), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    findings = [_finding(document, detail) for detail in details if not _is_valueless(document, detail)]
    if any(detail["type"] != "extra_forbidden" for detail in details):
        return None, findings
    known: Any = copy.deepcopy(document.plain)
    for detail in details:
        *above, key = path_of(detail)
        here = known
        for step in above:
            here = here[step]
        here.pop(key, None)
    return RoutesFile.model_validate(known), findings


def _is_valueless(document: Document, detail: ErrorDetails) -> bool:
    return detail["type"] == "missing" and detail["loc"][-1] in document.valueless


def _finding(document: Document, detail: ErrorDetails) -> Finding:
    path = path_of(detail)
    if detail["type"] == "missing":
        return Finding(document.place(path[:-1]), MissingKey(str(path[-1])))
    is_key = detail["type"] == "extra_forbidden" or detail["loc"][-1:] == ("[key]",)
    return Finding(document.place(path, of_key=is_key), _problem(detail, path))


def _problem(detail: ErrorDetails, path: Path) -> Problem:
    if detail["type"] == "extra_forbidden":
        part = RouteRules if len(path) > 1 else RoutesFile
        known = tuple(part.model_fields)
        return UnknownKey(str(path[-1]), known, nearest(str(path[-1]), known))
    found, context = found_in_words(detail["input"]), detail.get("ctx", {})
    if detail["type"] == "expected":
        return WrongValue(found, context["words"])
    if detail["type"] in ("dict_type", "model_type", "model_attributes_type"):
        return WrongValue(found, FORM_TAGS["<keys>"])
    if detail["type"] == "literal_error":
        return WrongValue(found, "ok; or leave the line out")
    if detail["type"] == "too_short":
        return WrongValue(found, "at least one route")
    return WrongValue(found, "a text" if detail["type"] == "string_type" else detail["msg"])


def _faults(rules: RoutesFile, document: Document, path: FilePath) -> Iterator[Finding]:
    """What the shape alone does not tell: zones and files that do not exist, hours in no zone."""
    if rules.time_zone and _zone(rules.time_zone) is None:
        wrong = WrongValue(found_in_words(rules.time_zone), "a time zone like Asia/Kolkata")
        yield Finding(document.place(("time_zone",)), wrong)
    for name, route in rules.routes.items():
        if route.expected is not None and rules.time_zone is None:
            reason = f'{name} is expected "{route.expected}", and it is not clear in which zone'
            yield Finding(document.place(("routes", name, "expected")), MissingKey("time_zone", reason))
        try:
            mapping = path.parent / place_of(route.mapping)
        except UsageError as error:  # a URL that cannot be used
            raise UsageError(f"{document.place(('routes', name, 'mapping'))}: {error.message}") from error
        if not mapping.is_file():
            wrong = WrongValue(found_in_words(route.mapping), f"a mapping file; there is no {mapping}")
            yield Finding(document.place(("routes", name, "mapping")), wrong)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
