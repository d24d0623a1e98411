"""The pages in a real browser: nothing overflows, all text is readable, nothing is refused by our own policy."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.responses import HTMLResponse
from web_fakes import KEY, NOW, World, a_crisis, an_app

from monitor.web.tokens import sign

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed"),
]
LINK = "/a/" + sign(KEY, "INC-2026-0042", "zhang-wei", NOW + 9e6)
GROUP = "/a/" + sign(KEY, "INC-2026-0042", "channel:ops", NOW + 9e6)
PAGES = ["/", "/i/INC-2026-0042", LINK, GROUP, "/a/forged", "/?lang=en", "/?empty"]
WIDTHS = [360, 380, 1280]

MEASURE = """
<!doctype html><body><script>
const pages = PAGES, widths = WIDTHS, out = [];
const rgba = (text) => { const n = text.match(/[\\d.]+/g).map(Number);
  return text.startsWith("color(") ? [n[0]*255, n[1]*255, n[2]*255, n[3] ?? 1] : [n[0], n[1], n[2], n[3] ?? 1]; };
const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
const light = (c) => { const [r, g, b] = c.map((v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b; };
const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
function ground(el, view) { const layers = []; for (let e = el; e; e = e.parentElement) {
    const c = rgba(view.getComputedStyle(e).backgroundColor); if (c[3] > 0) layers.push(c); if (c[3] === 1) break; }
  return layers.reverse().reduce((under, c) => over(c, under), [255, 255, 255, 1]); }
function seen(el, view) { let o = 1;
  for (let e = el; e; e = e.parentElement) o *= Number(view.getComputedStyle(e).opacity);
  return o; }
function measure(frame, page, width) {
  const doc = frame.contentDocument, view = frame.contentWindow, dim = [], small = [];
  for (const el of doc.querySelectorAll("body *")) {
    if (el.closest("svg") || !el.getClientRects().length) continue;
    const own = [...el.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent.trim()).join("");
    if (own) { const style = view.getComputedStyle(el), under = ground(el, view), ink = rgba(style.color);
      ink[3] *= seen(el, view); const r = ratio(over(ink, under), under), size = parseFloat(style.fontSize);
      const need = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
      if (r < need) dim.push([own.slice(0, 30), Number(r.toFixed(2))]); }
    if (el.matches("button, select, summary, textarea")) { const b = el.getBoundingClientRect();
      if (b.height < 24 || b.width < 24) small.push(el.textContent.trim()); }
  }
  out.push({ page, width, dim, small, over: doc.documentElement.scrollWidth - width, title: doc.title,
    scheme: view.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light" });
}
(async () => {
  await Promise.all(pages.flatMap((page) => widths.map(async (width) => {
    const frame = document.createElement("iframe"); frame.width = width; frame.height = 900; frame.style.border = 0;
    const loaded = new Promise((go) => { frame.onload = go; }); frame.src = page; document.body.append(frame);
    await loaded; frame.contentDocument.querySelectorAll("details").forEach((d) => { d.open = true; });
    measure(frame, page, width); frame.remove();
  })));
  document.body.innerHTML = ""; const pre = document.createElement("pre"); pre.id = "out";
  pre.textContent = JSON.stringify(out); document.body.append(pre);
})();
</script>
"""


class Served:
    """A site on a real port. `loose` serves the pages without our headers, and a page that measures them in frames."""

    def __init__(self, world: World, *, loose: bool = False) -> None:
        self.asked: list[str] = []
        self.loose = loose
        self.inner, self.empty = an_app(world), an_app(World())
        config = uvicorn.Config(self, port=0, log_config=None, lifespan="off", proxy_headers=False)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append(scope["path"])
        if self.loose and scope["path"] == "/measure":
            told = MEASURE.replace("PAGES", json.dumps(PAGES)).replace("WIDTHS", json.dumps(WIDTHS))
            await HTMLResponse(told)(scope, receive, send)
            return

        async def bare(message: Any) -> None:
            if self.loose and message["type"] == "http.response.start":
                message["headers"] = [(k, v) for k, v in message["headers"] if k in (b"content-type", b"location")]
            await send(message)

        app = self.empty if scope["query_string"] == b"empty" else self.inner
        await app(scope, receive, bare)

    def __enter__(self) -> Served:
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join(5)

    def visit(self, path: str, home: Path, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             f"--user-data-dir={home}", *more, "--dump-dom", f"http://127.0.0.1:{self.port}{path}"],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip


@pytest.fixture(scope="module", params=["light", "dark"])
def measured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[dict[str, Any]]]:
    """Every page at every width, in one colour scheme, full and empty."""
    dark = ["--blink-settings=preferredColorScheme=0"] if request.param == "dark" else []
    with Served(a_crisis(), loose=True) as served:
        home = tmp_path_factory.mktemp("chromium")
        told = served.visit("/measure", home, "--virtual-time-budget=30000", *dark).stdout
    shown = re.search(r'<pre id="out">(.*?)</pre>', told, re.S)
    assert shown, told[-2000:]
    found = json.loads(html.unescape(shown[1]))
    assert {each["scheme"] for each in found} == {request.param}
    assert len(found) == len(PAGES) * len(WIDTHS)
    yield found


def test_nothing_is_wider_than_the_screen(measured: list[dict[str, Any]]) -> None:
    assert [(m["page"][:20], m["width"], m["over"]) for m in measured if m["over"] > 0] == []


def test_all_text_is_readable_by_wcag_aa(measured: list[dict[str, Any]]) -> None:
    assert sorted({(m["page"][:20], *map(tuple, m["dim"])) for m in measured if m["dim"]}, key=str) == []


def test_what_is_pressed_is_large_enough(measured: list[dict[str, Any]]) -> None:
    assert [m["small"] for m in measured if m["small"]] == []


def test_our_own_policy_refuses_nothing_and_the_page_renews_itself(tmp_path: Path) -> None:
    with Served(a_crisis()) as served:
        done = served.visit("/", tmp_path, "--enable-logging=stderr", "--virtual-time-budget=20000")
        assert done.stdout.count("INC-2026-0042") > 1
        assert served.asked.count("/") >= 2, "fetched anew after 15 s"
        assert "stale" not in done.stdout.partition("<main")[0]
    assert "Content Security Policy" not in done.stderr
    assert "Uncaught" not in done.stderr
