"""One stretch of sending as a static SVG picture: rows per second as steps, the account's limit as a dashed line.

Drawn by pygal: alive, a megabyte with one small dependency, and its pictures carry classes instead of colours, so that the
page's own style sheet sets them for light, dark and print (leather sets colours through module globals and has no areas;
plotly and Vega draw in the browser; matplotlib brings numpy and fonts for one line chart). What pygal adds for itself,
a script, a style sheet, remarks and its tooltip, is taken out: the page allows neither script nor a foreign style.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.reconciler.report.stretches import Stretch

_WIDTH, _HEIGHT = 720, 260
_HEADROOM = 1.1
_LABELS = 5
_OF_THE_LIBRARY = {"script", "style", "title", "defs"}
_OVERLAYS = ("overlay", "titles")
SVG = "http://www.w3.org/2000/svg"


def picture(stretch: Stretch, limit_rows_per_second: float, title: str, description: str) -> str:
    """The picture as markup to stand within a page. title, description: for who cannot see it."""
    chart = _pygal().XY(
        js=[],
        width=_WIDTH,
        height=_HEIGHT,
        fill=True,
        show_dots=False,
        show_legend=False,
        no_prefix=True,
        pretty_print=False,
        margin=4,
        margin_left=16,
        margin_right=40,
        margin_bottom=12,
        range=(0, _HEADROOM * max(limit_rows_per_second, stretch.most, 1.0)),
        xrange=(0, stretch.seconds),
        x_labels=list(_moments(stretch)),
        x_value_formatter=lambda seconds: _clock(stretch, seconds),
        value_formatter=lambda value: f"{value:,.0f}",
        order_min=0,
        max_scale=6,
    )
    chart.add("rows per second", list(_steps(stretch)))
    chart.add("limit", [(0, limit_rows_per_second), (stretch.seconds, limit_rows_per_second)], fill=False)
    root = chart.render_tree()
    _strip(root)
    return ET.tostring(_labelled(root, title, description), encoding="unicode")


def _pygal() -> Any:
    """The library, loaded when a picture is drawn. It looks for plug-ins of its own in every later import; not here.

    That finder is of a kind which Python 3.12 does not ask any more and 3.11 warns of.
    """
    import pygal  # noqa: PLC0415 — slow to load, and only a report needs it

    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]
    return pygal


def _steps(stretch: Stretch) -> Iterator[tuple[float, float]]:
    for place, column in enumerate(stretch.columns):
        yield place * stretch.column_seconds, column.rows_per_second
        yield (place + 1) * stretch.column_seconds, column.rows_per_second


def _moments(stretch: Stretch) -> Iterator[float]:
    yield from (stretch.seconds * place / (_LABELS - 1) for place in range(_LABELS))


def _clock(stretch: Stretch, seconds: float) -> str:
    return f"{datetime.fromtimestamp(stretch.began + seconds, UTC):%H:%M:%S}"


def _strip(parent: Any) -> None:
    """Take out what must not or need not stand in a page: scripts, styles, remarks, overlays for the pointer, ids."""
    for child in list(parent):
        name = child.tag.rpartition("}")[2] if isinstance(child.tag, str) else None
        classes = (child.get("class") or "") if name is not None else ""
        if name is None or name in _OF_THE_LIBRARY or any(word in classes for word in _OVERLAYS):
            parent.remove(child)
            continue
        for attribute in ("id", "style"):
            child.attrib.pop(attribute, None)
        _strip(child)


def _labelled(root: Any, title: str, description: str) -> Any:
    for attribute in list(root.attrib):
        del root.attrib[attribute]
    root.set("class", "chart")
    root.set("viewBox", f"0 0 {_WIDTH} {_HEIGHT}")
    root.set("role", "img")
    root.set("aria-label", f"{title}. {description}")
    for element in root.iter():  # within HTML the names need no namespace
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    return root
