"""A run's requests over time as an SVG picture. Written by hand: bars, a line and some words need no library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from etl.cli.wording import counted, duration
from etl.records import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.traffic import Traffic

_WIDTH, _HEIGHT = 960, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 24, 84, 64
_PLOT_WIDTH, _PLOT_HEIGHT = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
_INK, _PALE, _OURS, _OTHERS, _PEAK, _LIMIT, _REFUSED = (
    *("#222222", "#dddddd", "#3b78b5", "#b9b9b9", "#1c3f63", "#c0392b", "#e67e22"),
)
_HEADROOM = 1.15
_LETTER_WIDTH = 6.4
"""About that of a letter at the size of most words."""

_MOST_STEPS_UP = 6
_MOST_STEPS_ALONG = 8
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)
_A_DAY = 86_400


def picture(traffic: Traffic) -> str:
    """The picture as the text of an SVG file."""
    size = {"width": str(_WIDTH), "height": str(_HEIGHT), "viewBox": f"0 0 {_WIDTH} {_HEIGHT}"}
    root = ET.Element(
        "svg", {"xmlns": "http://www.w3.org/2000/svg", "font-family": "sans-serif", "role": "img", **size}
    )
    ET.SubElement(root, "title").text = _title(traffic)
    _shape(root, "rect", width=_WIDTH, height=_HEIGHT, fill="#ffffff")
    _words(root, _LEFT, 26, _title(traffic), size=16, weight="bold")
    _words(root, _LEFT, 46, _subtitle(traffic), size=12)
    scale = _Scale(traffic)
    _draw_grid(root, traffic, scale)
    _draw_columns(root, traffic, scale)
    _draw_limit(root, traffic, scale)
    _draw_legend(root, traffic)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where things lie on the picture."""

    traffic: Traffic

    @property
    def most(self) -> float:
        """Requests a window at the upper edge."""
        peaks = [column.peak for column in self.traffic.columns]
        limits = [one.within(self.traffic.limit.seconds) for one in self.traffic.kept]
        return _HEADROOM * max(*limits, *peaks, 1)

    @property
    def seconds(self) -> float:
        return self.traffic.column_seconds * len(self.traffic.columns)

    def x(self, seconds: float) -> float:
        """seconds: since the first request."""
        return _LEFT + _PLOT_WIDTH * seconds / self.seconds

    def y(self, requests: float) -> float:
        return _TOP + _PLOT_HEIGHT * (1 - requests / self.most)


def _title(traffic: Traffic) -> str:
    kind = "bulk requests" if traffic.window is Window.BULK else "requests"
    return f"Run {traffic.run}, {traffic.input}: {kind} in each {traffic.limit.seconds:g} s"


def _subtitle(traffic: Traffic) -> str:
    began, ended = (datetime.fromtimestamp(moment, UTC) for moment in (traffic.began, traffic.ended))
    until = f"{ended:%H:%M:%S}" if ended.date() == began.date() else f"{ended:%Y-%m-%d %H:%M:%S}"
    parts = [
        f"{began:%Y-%m-%d %H:%M:%S} to {until} UTC ({duration(traffic.ended - traffic.began)})",
        f"{traffic.ours:,} of this run" + (f", {traffic.others:,} others of the account" if traffic.others else ""),
        f"{traffic.used:.0%} of the limit while it sent".replace("%", " %"),
        counted(traffic.refused, "refusal"),
    ]
    return " · ".join(parts)


def _draw_grid(root: ET.Element, traffic: Traffic, scale: _Scale) -> None:
    for requests in _up(scale.most):
        y = scale.y(requests)
        _line(root, _LEFT, y, _LEFT + _PLOT_WIDTH, y, _PALE)
        _words(root, _LEFT - 8, y + 4, f"{requests:,}", anchor="end")
    for seconds, label in _along(traffic, scale):
        x = scale.x(seconds)
        _line(root, x, _TOP + _PLOT_HEIGHT, x, _TOP + _PLOT_HEIGHT + 5, _INK)
        _words(root, x, _TOP + _PLOT_HEIGHT + 19, label, anchor="middle")
    _line(root, _LEFT, _TOP + _PLOT_HEIGHT, _LEFT + _PLOT_WIDTH, _TOP + _PLOT_HEIGHT, _INK)


def _up(most: float) -> Iterator[int]:
    """Whole numbers of requests, evenly spread."""
    step = next(
        size * 10**power for power in range(9) for size in (1, 2, 5) if most / (size * 10**power) <= _MOST_STEPS_UP
    )
    yield from range(0, int(most) + 1, step)


def _along(traffic: Traffic, scale: _Scale) -> Iterator[tuple[float, str]]:
    """Round moments of UTC, with what is written below them."""
    step = next((one for one in _STEPS if scale.seconds / one <= _MOST_STEPS_ALONG), None)
    step = step or _A_DAY * -(-int(scale.seconds) // (_A_DAY * _MOST_STEPS_ALONG))
    form = "%H:%M:%S" if step < 60 else "%H:%M" if step < _A_DAY else "%Y-%m-%d"
    moment = -(-traffic.began // step) * step
    while moment - traffic.began <= scale.seconds:
        yield moment - traffic.began, f"{datetime.fromtimestamp(moment, UTC):{form}}"
        moment += step


def _draw_columns(root: ET.Element, traffic: Traffic, scale: _Scale) -> None:
    width = _PLOT_WIDTH / len(traffic.columns)
    gap = min(1.0, width / 8)
    floor = _TOP + _PLOT_HEIGHT
    for place, column in enumerate(traffic.columns):
        left = _LEFT + place * width
        top, middle = scale.y(column.ours + column.others), scale.y(column.ours)
        if column.ours:
            _shape(root, "rect", x=left, y=middle, width=width - gap, height=floor - middle, fill=_OURS)
        if column.others:
            _shape(root, "rect", x=left, y=top, width=width - gap, height=middle - top, fill=_OTHERS)
        if column.peak:
            _line(root, left, scale.y(column.peak), left + width - gap, scale.y(column.peak), _PEAK, thick=1.5)
        if column.refused:
            _shape(root, "circle", cx=left + width / 2, cy=_TOP + 6, r=3, fill=_REFUSED)


def _draw_limit(root: ET.Element, traffic: Traffic, scale: _Scale) -> None:
    """A line for each limit that was kept to, over the time for which it was; with its number where there is room for it."""
    ends = [*(one.since - traffic.began for one in traffic.kept[1:]), scale.seconds]
    left, above = float(_LEFT), None
    for one, end in zip(traffic.kept, ends, strict=True):
        right, y = min(scale.x(end), float(_LEFT + _PLOT_WIDTH)), scale.y(one.within(traffic.limit.seconds))
        if above is not None:
            _line(root, left, above, left, y, _LIMIT, thick=1.5)
        _line(root, left, y, right, y, _LIMIT, thick=1.5)
        label, is_last = f"limit {one.limit.count} in {one.limit.seconds:g} s ({one.source})", one is traffic.kept[-1]
        if is_last or right - left > _LETTER_WIDTH * len(label):
            _words(root, right, y - 6, label, anchor="end", fill=_LIMIT)
        left, above = right, y


def _draw_legend(root: ET.Element, traffic: Traffic) -> None:
    windows = round(traffic.column_seconds / traffic.limit.seconds)
    mean = "this run" if windows == 1 else f"this run (a bar is the average of {windows} windows)"
    entries = [(_OURS, mean), (_PEAK, f"most in any {traffic.limit.seconds:g} s, all of the account")]
    if traffic.others:
        entries.insert(1, (_OTHERS, "other runs and reads"))
    if traffic.refused:
        entries.append((_REFUSED, "refused for the rate"))
    x, y = float(_LEFT), _HEIGHT - 18
    for colour, text in entries:
        _shape(root, "rect", x=x, y=y - 9, width=10, height=10, fill=colour)
        _words(root, x + 15, y, text)
        x += 15 + _LETTER_WIDTH * len(text) + 18


def _words(  # noqa: PLR0913 — what a text on a picture has
    root: ET.Element,
    x: float,
    y: float,
    text: str,
    *,
    size: int = 12,
    weight: str = "normal",
    anchor: str = "start",
    fill: str = _INK,
) -> None:
    style: dict[str, float | str] = {"font-size": size, "font-weight": weight, "text-anchor": anchor, "fill": fill}
    _shape(root, "text", x=x, y=y, **style).text = text


def _line(root: ET.Element, x1: float, y1: float, x2: float, y2: float, colour: str, *, thick: float = 1.0) -> None:
    ends: dict[str, float | str] = {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "stroke": colour, "stroke-width": thick}
    _shape(root, "line", **ends)


def _shape(root: ET.Element, kind: str, **attributes: float | str) -> ET.Element:
    shown = {name: f"{value:.2f}" if isinstance(value, float) else str(value) for name, value in attributes.items()}
    return ET.SubElement(root, kind, shown)
