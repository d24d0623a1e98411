"""A page and its Chinese sister say the same: the same headings, tables and examples, so that neither drifts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.test_docs import ROOT

GENERATED = {"configuration"}
"""Both languages are written from the code."""
WORDS_OF_ITS_OWN = {"getting-started"}
"""Its first rule looks for words of the reader's language: what both have in common is tested with the other pages."""
PAGES = [ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").glob("*.zh-CN.md"))]
NAMES = [name for page in PAGES[1:] if (name := page.name.removesuffix(".zh-CN.md")) not in GENERATED]
FENCED = re.compile(r"^( *)```(\S*)\n(.*?)^\1```", re.M | re.S)
SHOWN = re.compile(r"<!-- \w+ -->\n```text\n.*?```", re.S)
"""Text behind a mark is in the page's language: what the program shows (a test of its own writes it), or a drawing."""


def both(name: str) -> tuple[str, str]:
    """The English page and the Chinese one."""
    english, chinese = ROOT / "docs" / f"{name}.md", ROOT / "docs" / f"{name}.zh-CN.md"
    return english.read_text(encoding="utf-8"), chinese.read_text(encoding="utf-8")


def shape(page: str) -> list[list[str]]:
    """In order, the level of each heading, and what is code in the first cell of each row of a table."""
    lines = [line for line in FENCED.sub("", page).splitlines() if re.match(r"#+ |\|", line)]
    return [re.findall("^#+", line) or re.findall("`[^`]+`", line.split("|")[1]) for line in lines]


def examples(page: str) -> list[tuple[str, str]]:
    """(language, code) of each block, bare of what is in the reader's language."""
    return [(language, bare(code)) for _, language, code in FENCED.findall(SHOWN.sub("", page))]


def bare(code: str) -> str:
    """Code without comments, remarks behind two spaces, the choice of a language, and a template's own words."""
    code = re.sub(r"^ *#.*$|(?<=\S)( +#|  ).*$", "", code, flags=re.M)
    code = re.sub(r" --lang (zh|en)\b|\b(zh|en)\.(?=j2)", "", code)
    return re.sub(r"%\}.*?\{%", "%}{%", code)


@pytest.mark.parametrize("name", NAMES)
def test_headings_and_tables_are_those_of_the_other_language(name: str) -> None:
    english, chinese = both(name)
    assert shape(chinese) == shape(english)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WORDS_OF_ITS_OWN])
def test_examples_are_those_of_the_other_language(name: str) -> None:
    english, chinese = both(name)
    assert examples(chinese) == examples(english)


@pytest.mark.parametrize("name", NAMES)
def test_each_names_the_other_at_its_top(name: str) -> None:
    english, chinese = (page.split("\n\n")[1] for page in both(name))
    assert (f"[中文]({name}.zh-CN.md)" in english, f"[English]({name}.md)" in chinese) == (True, True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_chinese_page_leads_to_chinese_pages(page: Path) -> None:
    linked = {(page.parent / link).resolve() for link in re.findall(r"\]\(([\w./-]+\.md)\b", page.read_text("utf-8"))}
    chinese = {path: path.with_name(f"{path.stem}.zh-CN.md") for path in linked}
    assert [path.name for path, other in chinese.items() if other.exists() and other != page] == []


def test_what_is_forgotten_would_be_seen() -> None:
    page = "# A\n\n```console\nmake demo --lang zh  # 演示\nmake test\n```\n"
    assert examples(page) == examples(page.replace("zh", "en").replace("演示", "a play"))
    assert examples(page) != examples(page.replace("make test\n", ""))
    table = "\n| `stop` | ends it |\n"
    assert shape(page + table) == shape(page + table.replace("ends it", "停下"))
    assert len({str(shape(page + more)) for more in ("", "\n## B\n", table, table.replace("stop", "end"))}) == 4
