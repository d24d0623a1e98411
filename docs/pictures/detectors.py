"""Draws the pictures of docs/detection.md: real series as each detector saw them at the time, as SVG.

python docs/pictures/detectors.py SURVEILLANCE TWEETS

SURVEILLANCE: a folder with stsNewport.csv and salmonella.agona.csv (data sets of R's package surveillance, columns t,
date, observed). TWEETS: the folder realTweets of the Numenta Anomaly Benchmark.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from html import escape
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 900, 260, 48, 34, 26
INK, SEEN, BOUND, ALARM = "#333", "#4477aa", "#228833", "#cc3311"


class Told(NamedTuple):
    """A row of what `crisis-monitor detect` wrote; None where it says nothing."""

    stamp: str
    value: float | None
    upper: float | None
    alarm: bool


def detected(rows: Sequence[tuple[str, str]], *options: str) -> list[Told]:
    """What the command says of stamps and values."""
    with tempfile.TemporaryDirectory() as folder:
        given, out = Path(folder) / "in.csv", Path(folder) / "out.csv"
        given.write_text("timestamp,value\n" + "".join(f"{a},{b}\n" for a, b in rows), encoding="utf-8")
        command = [sys.executable, "-m", "monitor", "detect", str(given), "--out", str(out), *options]
        subprocess.run(command, check=True)
        with out.open(encoding="utf-8", newline="") as lines:
            return [
                Told(r["timestamp"], _number(r["value"]), _number(r["upper"]), r["alarm"] == "1")
                for r in csv.DictReader(lines)
            ]


def _number(text: str) -> float | None:
    return float(text) if text else None


def picture(name: str, title: str, panels: Sequence[tuple[str, Sequence[Told]]]) -> None:
    """Panels below each other: counts as bars, the bound as a line, alarms as dots above their count."""
    height = HEIGHT * len(panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="13" role="img"><title>{escape(title)}</title><rect width="100%" height="100%" fill="#fff"/>'
    ]
    for i, (label, told) in enumerate(panels):
        parts.append(f'<g transform="translate(0 {i * HEIGHT})">{_panel(label, told)}</g>')
    (HERE / name).write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")


def _panel(label: str, told: Sequence[Told]) -> str:
    tallest = max(max(t.value or 0 for t in told), sorted(t.upper or 0 for t in told)[int(0.98 * len(told))]) * 1.08
    across, down = (WIDTH - LEFT - 8) / len(told), (HEIGHT - TOP - BOTTOM) / tallest

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - min(value, tallest) * down

    bars = "".join(f"M{LEFT + i * across:.1f} {y(0):.0f}V{y(t.value):.1f}" for i, t in enumerate(told) if t.value)
    bound, pen = "", "M"
    for i, t in enumerate(told):
        bound += f"{pen}{LEFT + i * across:.1f} {y(t.upper):.1f}" if t.upper is not None else ""
        pen = "L" if t.upper is not None else "M"
    dots = "".join(
        f'<circle cx="{LEFT + i * across:.1f}" cy="{y(t.value or 0) - 5:.1f}" r="3.5"/>'
        for i, t in enumerate(told)
        if t.alarm
    )
    marks = "".join(
        f'<text x="{LEFT + i * across:.0f}" y="{HEIGHT - 8}">{escape(told[i].stamp[:10])}</text>'
        for i in range(0, int(0.95 * len(told)), max(1, len(told) // 7))
    )
    return (
        f'<text x="{LEFT}" y="20" font-weight="bold" fill="{INK}">{escape(label)}</text>'
        f'<g fill="{INK}">{marks}<text x="{LEFT - 6}" y="{y(tallest / 1.08) + 4:.0f}" text-anchor="end">'
        f'{tallest / 1.08:,.0f}</text><text x="{LEFT - 6}" y="{y(0):.0f}" text-anchor="end">0</text></g>'
        f'<path d="{bars}" stroke="{SEEN}" stroke-width="{max(0.6, across * 0.8):.1f}" fill="none"/>'
        f'<path d="{bound}" stroke="{BOUND}" stroke-width="1.4" fill="none"/><g fill="{ALARM}">{dots}</g>'
    )


def weeks(file: Path) -> list[tuple[str, str]]:
    """A weekly series; where it bears no dates, weeks from 1990 on."""
    with file.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    first = date.fromisoformat(rows[0]["date"]) if rows[0].get("date") else date(1990, 1, 8)
    return [((first + timedelta(weeks=i)).isoformat() + "T00:00:00Z", row["observed"]) for i, row in enumerate(rows)]


def main(surveillance: Path, tweets: Path) -> None:
    """All of them."""
    newport = weeks(surveillance / "stsNewport.csv")
    shown = slice(-300, None)
    picture("detect-weeks.svg", "Salmonella Newport in Germany, cases a week, with two bounds and their alarms", [
        ("farrington: the same weeks of the years before", detected(newport, "--detector", "farrington")[shown]),
        ("serfling: waves of the year, all the past at once", detected(newport, "--detector", "serfling")[shown]),
    ])  # fmt: skip
    agona = weeks(surveillance / "salmonella.agona.csv")
    picture("detect-burn.svg", "Salmonella Agona, cases a week: single weeks against the few before, and added up", [
        ("ears C2: one week against seven", detected(agona, "--detector", "ears", "--options", '{"method": "C2"}')),
        ("cusum: small excesses added up", detected(
            agona, "--detector", "cusum", "--options", json.dumps({"once_in": 500}))),
    ])  # fmt: skip
    with (tweets / "Twitter_volume_GOOG.csv").open(encoding="utf-8") as lines:
        said = [(row["timestamp"], row["value"]) for row in csv.DictReader(lines)][:6500]
    seen = detected(said)
    picture("detect-tweets.svg", "Tweets about Google per five minutes, with the bound of once a month", [
        ("seasonal: rarer than once a month, for the hour and the weekday", seen[-4000::4]),
    ])  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
