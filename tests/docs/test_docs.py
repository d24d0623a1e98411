"""What the docs say is tried: examples load, commands and links exist, the first rule does what its page promises."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
import tomli
from click.testing import CliRunner

import monitor
from monitor.cli.main import COMMANDS, main
from monitor.config.load import read
from monitor.messages import catalogue

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
STARTS = [ROOT / "docs" / "getting-started.md", ROOT / "docs" / "getting-started.zh-CN.md"]

BASE = """
[settings]
organisation = "ExampleCo"
[server]
public_url = "https://warn.example.com"
[[source]]
name = "tickets"
kind = "push"
family = "tickets"
[[source]]
name = "social"
kind = "push"
[[source]]
name = "press"
kind = "push"
family = "press"
[[channel]]
name = "mail"
kind = "email"
host = "smtp.example.com"
from = "warn@example.com"
to = ["duty@example.com"]
[[channel]]
name = "phones"
kind = "webhook"
url = "https://gateway.example.com/call"
[[person]]
name = "li"
email = "li@example.com"
[[person]]
name = "wang"
email = "wang@example.com"
[[person]]
name = "chen"
email = "chen@example.com"
[[route]]
tier = ["blue", "yellow", "orange", "red"]
to = ["channel:mail", "channel:phones"]
"""
"""What an example may lean on, beside the shipped topics; a table of its own stands in place of the one here."""


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", page.read_text(encoding="utf-8"), re.M | re.S)
    return [re.sub(rf"^{indent}", "", body, flags=re.M) for indent, body in found]


def commands(page: Path) -> Iterator[list[str]]:
    """Each call of the program in a page's console blocks, as words."""
    for block in blocks(page, "console"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if "crisis-monitor" in words and words[0] in ("crisis-monitor", "systemd-run"):
                yield words[words.index("crisis-monitor", 1 if words[0] == "systemd-run" else 0) + 1 :]


def completed(block: str) -> str:
    """A block with as much of BASE as it does not write itself."""
    written, base = tomli.loads(block), tomli.loads(BASE)
    base["topic"] = tomli.loads((ROOT / "rules.toml").read_text(encoding="utf-8"))["topic"]
    names = {(key, t.get("name")) for key, tables in written.items() if isinstance(tables, list) for t in tables}
    parts = [block]
    for key, value in base.items():
        if isinstance(value, dict) and key not in written:
            parts.insert(0, _table(f"[{key}]", value))
        elif isinstance(value, list):
            parts += [_table(f"[[{key}]]", t) for t in value if (key, t.get("name")) not in names]
    return "\n".join(parts)


def _table(head: str, table: dict[str, Any]) -> str:
    return head + "\n" + "\n".join(f"{k} = {json.dumps(v)}" for k, v in table.items()) + "\n"


LEXICONS = tuple(Path(monitor.__file__).parent.glob("mentions/*.toml"))
"""Beside each example, as the files it may name."""

EXAMPLES = [
    pytest.param(block, id=f"{page.name}-{n}")
    for page in PAGES
    if page.name not in ("configuration.md", "configuration.zh-CN.md")
    for n, block in enumerate(blocks(page, "toml"), 1)
    if "[scenario]" not in block  # tried where scenarios are
]


@pytest.mark.parametrize("block", EXAMPLES)
def test_every_example_loads(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    path = tmp_path / "rules.toml"
    path.write_text(completed(block), encoding="utf-8")
    for lexicon in LEXICONS:
        (tmp_path / lexicon.name).write_bytes(lexicon.read_bytes())
    loaded, faults = read(path)
    assert loaded, "\n".join(fault.write("en") for fault in faults)


def test_an_example_with_a_misspelt_key_would_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(completed('[[rule]]\nname = "a"\nrisk = "b"\nwindov = "1h"\nblue = { above = 1 }\n'))
    assert read(path)[0] is None


def test_the_first_rule_of_both_languages_is_the_same_but_for_its_words() -> None:
    first = [tomli.loads(blocks(page, "toml")[0]) for page in STARTS]
    for config in first:
        del config["settings"], config["topic"][0]["query"]
    assert first[0] == first[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_the_docs_exists_with_its_options(page: Path) -> None:
    for words in commands(page):
        if words[0] == "--version":
            continue
        assert words[0] in COMMANDS, words
        command: click.Command = main.get_command(click.Context(main), words[0])  # type: ignore[assignment]
        if isinstance(command, click.Group):
            command = command.commands[words[1]]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"(?<!`)\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        assert other.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in _anchors(other), f"{page.name}: {target}"


def _anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_holds_a_merge_that_nobody_ended(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith(("<<<<<<< ", ">>>>>>> ")) or line == "======="] == []


def test_pictures_are_small_and_all_of_them_shown() -> None:
    shown = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for picture in (ROOT / "docs" / "pictures").glob("*.png"):
        assert picture.stat().st_size < 200_000, picture
        assert picture.name in shown, f"{picture} is shown nowhere"


def test_the_findings_explained_are_those_there_are() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.split("## Findings")[1].split("\n## ")[0]
    kinds = {key.removeprefix("finding.") for key in catalogue() if key.startswith("finding.")}
    rows = re.findall(r"^\| (`[^|]+`) \|", section, re.M)
    assert {kind for row in rows for kind in re.findall(r"`([\w-]+)`", row)} == kinds


def test_the_playbooks_listed_are_those_that_ship() -> None:
    text = (ROOT / "docs" / "playbooks.md").read_text(encoding="utf-8")
    shipped = {path.parent.name for path in (ROOT / "playbooks").glob("*/playbook.toml")}
    assert set(re.findall(r"^\| `([\w-]+)` \|", text, re.M)) == shipped


def test_the_playbook_commands_of_the_docs_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    calls = [words for words in commands(ROOT / "docs" / "playbooks.md") if words[0] == "playbook"]
    assert len(calls) >= 4
    for words in calls:
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, (words, done.output)


@pytest.mark.parametrize("page", STARTS, ids=lambda page: page.name)
def test_the_first_rule_does_what_its_page_promises(page: Path, tmp_path: Path) -> None:
    (tmp_path / "first.toml").write_text(blocks(page, "toml")[0], encoding="utf-8")
    said = next(block for block in blocks(page, "console") if "curl" in block)
    loop, _, curl = said.partition("| curl")
    target = re.search(r"http://[\d.:]+(/\S+)'", curl)
    assert target is not None
    mentions = subprocess.run(["bash", "-c", loop], capture_output=True, check=True).stdout
    with service(tmp_path) as url:
        answers = [httpx.post(url + target[1], content=mentions).json() for _ in range(2)]
        assert answers[0] == {"accepted": 6, "duplicates": 0, "rejected": []}
        assert answers[1]["duplicates"] == 6
        notice = _notice(tmp_path / "state" / "notices.jsonl")
    assert notice["data"]["tier"] == "yellow"
    for line in (block for text in blocks(page, "text") for block in text.splitlines()):
        if line.startswith(("🟡", "Extent", "Evidence")):
            assert line in [notice["data"]["title"], *notice["data"]["lines"]]


class service:
    """The service of a folder with first.toml, on a port nobody uses."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.listen = f"127.0.0.1:{probe.getsockname()[1]}"
        command = [sys.executable, "-m", "monitor", "run", "--config", "first.toml", "--state", "state"]
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            [*command, "--listen", self.listen],
            cwd=folder,
            stderr=self.log,
            env={k: v for k, v in os.environ.items() if not k.endswith("_DIRECTORY")} | {"PYTHONPATH": str(ROOT)},
        )

    def __enter__(self) -> str:
        url = f"http://{self.listen}"
        for _ in range(300):
            try:
                httpx.get(url + "/readyz").raise_for_status()
                return url
            except httpx.HTTPError:
                assert self.process.poll() is None, Path(self.log.name).read_text(encoding="utf-8")
                time.sleep(0.1)
        raise AssertionError("the service did not become ready")

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=30) == 0
        self.log.close()


def _notice(path: Path) -> dict[str, Any]:
    for _ in range(200):
        if path.exists() and (text := path.read_text(encoding="utf-8")).endswith("\n"):
            found: dict[str, Any] = json.loads(text.splitlines()[0])
            return found
        time.sleep(0.05)
    raise AssertionError("no notice within 10 s")
