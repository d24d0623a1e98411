"""`crisis-monitor init`: a working start in a folder; what stands there already stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from monitor.cli.language import lang_option, told
from monitor.messages import say
from monitor.shipped import SHIPPED, shipped

ALERTS = "crisis-monitor.alerts.yaml"
GRAFANA, DOCS = "http://localhost:3000", "https://docs.example.com/crisis-monitor"
"""What the shipped alerts link to."""
IN_CHINESE = {
    ALERTS: ((rb"(dashboard_url: \S+)", rb"\1-zh"), (rb"/alerts\.md#", rb"/alerts.zh-CN.md#")),
    "compose.yaml": ((rb"crisis-monitor-overview\.json", rb"zh/crisis-monitor-overview-zh.json"),),
}
"""What is turned in files that lead to English pages: the links of alerts, and the first page of Grafana."""


@click.command("init", help=told("init.help.init"))
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option("--grafana", default=GRAFANA, show_default=True, help=told("init.help.grafana"))
@click.option("--docs", default=DOCS, show_default=True, help=told("init.help.docs"))
@lang_option
def init(folder: Path, grafana: str, docs: str, lang: str) -> None:
    """Says of every file whether it was written or kept, and what to do next."""
    for url in (grafana, docs):
        if not url.startswith(("http://", "https://")):
            raise click.UsageError(say(lang, "init.no_url", url=url))
    places = {GRAFANA: grafana.rstrip("/"), DOCS: docs.rstrip("/")}
    for source, target in _files(folder):
        if target.exists():
            click.echo(say(lang, "init.kept", name=target))
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(_fitted(source, lang, places))
        click.echo(say(lang, "init.wrote", name=target))
    click.echo(say(lang, "init.next", name=folder / "rules.toml"))


def _files(folder: Path) -> Iterator[tuple[Path, Path]]:
    for name in SHIPPED:
        home = shipped(name)
        for source in sorted(home.rglob("*")) if home.is_dir() else [home]:
            if source.is_file() and not source.name.startswith("."):
                yield source, folder / name / source.relative_to(home)


def _fitted(source: Path, lang: str, places: dict[str, str]) -> bytes:
    """The shipped rules speak Chinese; for others the one line that says so is turned. Alerts link to where one has
    Grafana and these docs, and to pages of the language.
    """
    content = source.read_bytes()
    if source.name == "rules.toml":
        return content.replace(b'\nlanguage = "zh"', f'\nlanguage = "{lang}"'.encode(), 1)
    if source.name == ALERTS:
        for shipped_, own in places.items():
            content = content.replace(f": {shipped_}/".encode(), f": {own}/".encode())
    for english, chinese in IN_CHINESE.get(source.name, ()) if lang == "zh" else ():
        content = re.sub(english, chinese, content)
    return content
