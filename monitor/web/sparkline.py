"""A small line of what a rule measured, drawn as SVG on the server. Pure; made of numbers only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from monitor.web.views import Point

WIDTH, HEIGHT, EDGE = 132.0, 30.0, 3.0


def sparkline(points: Sequence[Point]) -> Markup:
    """Value over its normal; a gap in the data is a gap in the line. Zero is always the floor, unless values go below.

    Decoration: the numbers stand beside it as text.
    """
    numbers = [n for p in points for n in (p.value, p.expected) if n is not None]
    if len(points) < 2 or not numbers:
        return Markup("")
    scale = _Scale(points, min(0.0, *numbers), max(numbers))
    values = [(p.at, p.value) for p in points]
    body = "".join(f'<path class="area" d="{scale.area(run)}"/>' for run in _runs(values) if len(run) > 1)
    body += "".join(
        f'<path class="normal" d="{scale.line(run)}"/>' for run in _runs([(p.at, p.expected) for p in points])
    )
    body += "".join(f'<path class="line" d="{scale.line(run)}"/>' for run in _runs(values))
    body += scale.dot(values)
    size = f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" preserveAspectRatio="none"'
    return Markup(f'<svg class="spark" {size} aria-hidden="true">{body}</svg>')


class _Scale:
    def __init__(self, points: Sequence[Point], low: float, high: float) -> None:
        self.start, self.span = points[0].at, max(points[-1].at - points[0].at, 1.0)
        self.low, self.reach = low, (high - low) or 1.0

    def place(self, at: float, value: float) -> str:
        x = EDGE + (at - self.start) / self.span * (WIDTH - 2 * EDGE)
        y = HEIGHT - EDGE - (value - self.low) / self.reach * (HEIGHT - 2 * EDGE)
        return f"{x:.1f} {y:.1f}"

    def line(self, run: list[tuple[float, float]]) -> str:
        """A lone point is a stroke of no length, which round caps show as a dot."""
        places = [self.place(*point) for point in run]
        return "M" + "L".join(places if len(places) > 1 else places * 2)

    def area(self, run: list[tuple[float, float]]) -> str:
        return f"{self.line(run)}L{self.place(run[-1][0], self.low)}L{self.place(run[0][0], self.low)}Z"

    def dot(self, values: list[tuple[float, float | None]]) -> str:
        at, value = values[-1]
        if value is None:
            return ""
        place = self.place(at, value)
        return f'<path class="now" d="M{place}L{place}"/>'


def _runs(points: list[tuple[float, float | None]]) -> Iterator[list[tuple[float, float]]]:
    run: list[tuple[float, float]] = []
    for at, value in points:
        if value is not None:
            run.append((at, value))
        elif run:
            yield run
            run = []
    if run:
        yield run
