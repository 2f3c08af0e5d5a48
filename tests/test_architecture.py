"""The house as it is drawn: imports point downwards, and some things are done in one place only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "etl"

FLOORS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("words", ("records", "errors", "exits", "clock", "deadlines", "quoting", "findings", "events")),
    (
        "rules",
        (
            "settings",
            "places",  # asks stores, as settings reads files: mappings lie anywhere, and import it
            "identity",
            "cell_marks",
            "cell_texts",
            "mapping",
            "operations",
            "chunker",
            "delivery.absence",
            "delivery.all_stored",
            "delivery.answer",
            "delivery.backoff",
            "delivery.decide",
            "delivery.line",
            "delivery.outcomes",
            "delivery.quota",
            "delivery.throttle",
            "delivery.undoing",
            "delivery.turns",
            "delivery.verdict",
            "reconciler.counts",
            "reconciler.differences",
            "reconciler.full_matches",
            "reconciler.match",
            "reconciler.new_leads",
            "reconciler.recognise",
            "reconciler.sent",
            "reconciler.trust",
            "reconciler.unclaimed",
            "reconciler.updated",
        ),
    ),
    ("world", ("reader", "api", "ledger", "reconciler", "notify", "signs", "schedule")),
    ("driver", ("delivery",)),
    ("stages", ("stages",)),
    (
        "pipeline",
        (
            "pipeline",
            "care",
            "fetch",
            "proof",
            "repair",
            "accounts",
            "moving",
            "traffic",
            "report",
            "status",
            "audit",
            "inbox",
            "notices",
            "handover",
            "fleet",
        ),
    ),
    ("door", ("cli", "__main__")),
)


@cache
def modules() -> tuple[str, ...]:
    """All modules of the package, as names behind `etl.`."""
    found = [path.relative_to(PACKAGE).with_suffix("") for path in sorted(PACKAGE.rglob("*.py"))]
    names = [".".join(part for part in path.parts if part != "__init__") for path in found]
    return tuple(name for name in names if name)


@cache
def floor_of(module: str) -> int:
    """The floor on which a module lives: the longest entry that names it or its package."""
    entries = [
        (len(entry), floor) for floor, (_, names) in enumerate(FLOORS) for entry in names if _is_in(module, entry)
    ]
    assert entries, f"etl.{module} has no place in the house: give it one in FLOORS"
    return max(entries)[1]


def _is_in(module: str, entry: str) -> bool:
    return module == entry or module.startswith(f"{entry}.")


@cache
def tree_of(module: str) -> ast.Module:
    path = PACKAGE.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def nodes_of(module: str) -> tuple[ast.AST, ...]:
    """All that a module is written with, walked once."""
    return tuple(ast.walk(tree_of(module)))


@cache
def imported(module: str) -> tuple[str, ...]:
    """What a module imports when it runs; imports for type checkers alone do not count."""
    return tuple(_imports(module))


def _imports(module: str) -> Iterator[str]:
    for_types = {
        inner
        for node in nodes_of(module)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in nodes_of(module):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def bare_imports(module: str) -> frozenset[str]:
    """What a module imports by `import`, for type checkers too."""
    nodes = (node for node in nodes_of(module) if isinstance(node, ast.Import))
    return frozenset(alias.name for node in nodes for alias in node.names)


@cache
def calls(module: str) -> tuple[str, ...]:
    """What a module calls, as it is written."""
    return tuple(_as_written(node.func) for node in nodes_of(module) if isinstance(node, ast.Call))


def _as_written(expression: ast.expr) -> str:
    """What `ast.unparse` makes of it, which takes forty times as long for a name behind dots."""
    names = []
    inner = expression
    while isinstance(inner, ast.Attribute):
        names.append(inner.attr)
        inner = inner.value
    return ".".join([inner.id, *reversed(names)]) if isinstance(inner, ast.Name) else ast.unparse(expression)


@cache
def within(name: str) -> str | None:
    """A module of the package that a dotted name leads to, None for anything else."""
    if not name.startswith("etl."):
        return None
    parts = name.split(".")[1:]
    known = set(modules())
    while parts and ".".join(parts) not in known:
        parts.pop()
    return ".".join(parts) or None


@pytest.mark.parametrize("module", [name for name in modules() if not _is_in(name, "simulator")])
def test_imports_point_downwards(module: str) -> None:
    """No module imports from a floor above its own."""
    floor = floor_of(module)
    above = [
        target
        for name in imported(module)
        if (target := within(name)) and not _is_in(target, "simulator") and floor_of(target) > floor
    ]

    assert above == []


@pytest.mark.parametrize("module", [name for name in modules() if _is_in(name, "simulator")])
def test_the_simulator_stands_alone(module: str) -> None:
    """The simulator imports nothing of the client's side, so that the two can disagree."""
    foreign = [name for name in imported(module) if name.startswith("etl.") and not name.startswith("etl.simulator")]

    assert foreign == []


@pytest.mark.parametrize(
    ("library", "places"),
    [
        ("sqlalchemy", ("ledger",)),
        ("psutil", ("ledger",)),
        ("requests", ("api", "notify")),
        ("click", ("cli",)),
        ("rich", ("cli",)),
        ("aiohttp", ("simulator",)),
        ("pydantic", ("mapping", "settings", "inbox")),
        ("ruamel", ("mapping",)),
        ("rapidfuzz", ("mapping",)),
        ("openpyxl", ("reader", "reconciler")),
        ("charset_normalizer", ("reader",)),
        ("xlsxwriter", ("reconciler",)),
        ("xlrd", ("reader",)),
        ("jinja2", ("reconciler",)),
        ("pygal", ("reconciler",)),
        ("procrastinate", ("fleet",)),
        ("prometheus_client", ("fleet",)),
        ("fsspec", ("places",)),
    ],
)
def test_each_library_has_its_place(library: str, places: tuple[str, ...]) -> None:
    """SQL is written in the ledger alone, HTTP in the client alone, and so on."""
    users = [module for module in modules() if any(name.split(".")[0] == library for name in imported(module))]

    assert users, f"nobody uses {library}"
    assert [module for module in users if not any(_is_in(module, place) for place in places)] == []


@pytest.mark.parametrize("name", ["time", "datetime.now", "datetime.today", "date.today", "utcnow"])
def test_time_comes_in_by_one_door(name: str) -> None:
    """Only clock.py asks what time it is; the simulator's server has a clock of its own."""
    askers = []
    for module in modules():
        if module == "clock" or _is_in(module, "simulator"):
            continue
        if name in bare_imports(module) or (name != "time" and any(call.endswith(name) for call in calls(module))):
            askers.append(module)

    assert askers == []


def test_only_the_door_prints() -> None:
    """The core tells what happens through events and a summary."""
    printers = [module for module in modules() if not _is_in(module, "cli") and "print" in calls(module)]

    assert printers == []
