"""Takes the pictures of this folder from the demo: plays it up to the regulator's call, and looks at it in Chromium.

python docs/pictures/take.py            needs chromium, pngquant, and fonts for Chinese and emoji
"""

from __future__ import annotations

import html
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from monitor_demo.play import Cue, Play, performance
from monitor_demo.story import tell
from monitor_demo.world import Rung

HERE = Path(__file__).resolve().parent
RISK = "regulatory-action"
"""The incident whose first notice ends the play: by then much is on the page."""


class TakenAll(Exception):
    """The pictures are there: the play may end."""


def look(page: str, name: str, width: int, height: int, sharp: float = 1) -> None:
    """One screenshot, in few colours, so that it stays small."""
    with tempfile.TemporaryDirectory() as profile:
        shot = Path(profile) / "shot.png"
        command = [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
            f"--user-data-dir={profile}", f"--force-device-scale-factor={sharp}", f"--window-size={width},{height}",
            f"--screenshot={shot}", page,
        ]  # fmt: skip
        subprocess.run(command, check=True, timeout=120, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run(["pngquant", "--force", "--output", str(HERE / name), "64", str(shot)], check=True)


PHONE = """<!doctype html><meta charset="utf-8"><style>
* {{ box-sizing: border-box; margin: 0 }}
body {{ font: 15px/1.5 "Noto Sans CJK SC", system-ui, sans-serif; color: #1d2129;
  background: #e9ebef; padding: 10px; width: 380px }}
header {{ background: #b3261e; color: #fff; font-weight: 700; font-size: 17px;
  padding: 10px 14px; border-radius: 12px 12px 0 0 }}
main {{ background: #fff; padding: 8px 14px 12px; border-radius: 0 0 12px 12px; overflow-wrap: anywhere }}
p {{ padding: 3px 0 }} p.quoted {{ border-left: 3px solid #c9cdd4; padding-left: 8px; color: #4e5969; margin: 3px 0 }}
a {{ color: #0b57d0 }}
</style><header>{title}</header><main>{lines}</main>"""


def phone(note: dict[str, Any]) -> str:
    """A notice as a card in a chat: its title and its lines, word for word."""
    lines = [line if isinstance(line, str) else line["text"] for line in note["lines"]]
    return PHONE.format(title=html.escape(note["title"]), lines="".join(_line(line) for line in lines))


def _line(text: str) -> str:
    mark = ' class="quoted"' if text.startswith("“") else ""
    words = (_word(word) for word in html.escape(text).replace("https://", " https://").split(" "))
    return f"<p{mark}>{' '.join(words)}</p>"


def _word(word: str) -> str:
    shown = word if len(word) < 45 else word[:44] + "…"
    return f"<a href='#'>{shown}</a>" if word.startswith("http") else shown


def notice(rung: list[Rung], door: str, name: str, height: int) -> None:
    """The first red notice at somebody's door."""
    taken = [r for r in rung if r.answer == "ok" and r.door.endswith(door)]
    first = next(r for r in taken if r.body["data"]["tier"] == "red")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "phone.html"
        page.write_text(phone(first.body["data"]), encoding="utf-8")
        look(page.as_uri(), name, 380, height, 1.5)


def of_incident(play: Play, number: str) -> None:
    """The incident's own page and its red notice, just taken by somebody; the service's clock stands still."""
    for lang in ("en", "zh"):
        look(f"{play.daemon.url}/i/{number}?lang={lang}", f"incident-{lang}.png", 1280, 1100)
    notice(play.world.rung, "zhang-wei", "notice-zh.png", 902)
    notice(play.world.rung, "chen-jie", "notice-en.png", 1035)


def of_page(play: Play) -> None:
    """The first page."""
    for lang in ("en", "zh"):
        look(f"{play.daemon.url}/?lang={lang}", f"page-{lang}.png", 1280, 1100)
        look(f"{play.daemon.url}/?lang={lang}", f"page-{lang}-phone.png", 380, 1100)


def main() -> None:
    """Plays until RISK is told, then looks."""
    stage: list[Play] = []
    red: list[str] = []

    def cue(cue: Cue) -> None:
        note = cue.data.get("note", {})
        if cue.kind == "tier" and cue.data["tier"] == "red":
            red.append(note["incident"])
        if cue.kind == "ack" and red == [cue.data["incident"]]:
            of_incident(stage[0], red[0])
            red.append("seen")
        if cue.kind == "told" and note["labels"].get("risk") == RISK and note["tier"] == "orange" and red:
            of_page(stage[0])
            raise TakenAll

    with performance(tell(1), cue) as play:
        stage.append(play)
        play.history()
        try:
            play.run()
        except TakenAll:
            return
    sys.exit("the play ended without the regulator's call")


if __name__ == "__main__":
    main()
