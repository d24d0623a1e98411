"""Every table and key is found on the line where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config.lines import key_lines

EXAMPLE = (Path(__file__).parent / "everything.toml").read_text(encoding="utf-8")


def test_a_document_with_everything_in_it() -> None:
    tomli.loads(EXAMPLE)
    lines = key_lines(EXAMPLE)
    rows = EXAMPLE.split("\n")
    starts = {
        ("title",): "title =",
        ("long",): "long =",
        ("raw",): "raw =",
        ("raw2",): "raw2 =",
        ("quoted.key", "sub"): '"quoted.key" . sub',
        ("settings",): "[settings]",
        ("settings", "a", "b", "c"): "a.b.c",
        ("settings", "a", "b", "d"): "  a.b.d",
        ("settings", "a", "b", "d", 1): "    [2, 3]",
        ("settings", "a", "b", "d", 2, "y z"): "    { x = 1",
        ("settings", "a", "b", "d", 2, "y z", 0): "      4 ]",
        ("rule", 0, "name"): 'name = "one"',
        ("rule", 0, "orange"): "orange =",
        ("rule", 0, "orange", "below"): "  below = 2",
        ("rule", 1, "where"): "[rule.where]",
        ("rule", 1, "where", "topic"): "topic = []",
        ("rule", 1, "extra", 1, "k"): "k = inf",
        ("a", "b"): '[ a . "b" ]',
        ("a", "b", "last"): "last = 1",
    }
    for path, text in starts.items():
        assert rows[lines[path] - 1].startswith(text), path
    assert lines[("rule",)] == lines[("rule", 0)] == rows.index("[[rule]]") + 1
    assert lines[("rule", 1)] == rows.index("[[rule]]", rows.index("[[rule]]") + 1) + 1


def test_windows_line_ends_count_as_one() -> None:
    assert key_lines("a = 1\r\n\r\nb = 2\r\n")[("b",)] == 3


class Maker:
    """Writes a random document in which every text value begins with a marker that occurs nowhere else."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.count = 0

    def pick(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def number(self) -> int:
        self.count += 1
        return self.count

    def key(self) -> str:
        n = self.number()
        return self.pick(f"k{n}", f'"k {n}"', f"'k.{n}'", f'"k\\u0041{n}]="', f"k{n}.x-y", f"k{n} . 'q\"' . z")

    def gap(self) -> str:
        return self.pick("", "\n", "  # [[c]] \"' = {\n", "\n\n\t")

    def value(self, depth: int) -> str:
        kind = self.draw(st.integers(0, 5 if depth < 3 else 3))
        if kind == 4:
            inner = [self.gap() + self.value(depth + 1) for _ in range(self.draw(st.integers(0, 3)))]
            return "[" + ",".join(inner) + (self.pick("", ",") if inner else "") + self.gap() + "]"
        if kind == 5:
            pairs = [self.gap() + self.pair(depth + 1) for _ in range(self.draw(st.integers(0, 3)))]
            return "{" + ",".join(pairs) + self.gap() + "}"
        mark = f"@{self.number()}@"
        return self.pick(
            f'"{mark}"',
            f"'{mark} # \\'",
            f'"{mark} \\" [x] = \\\\"',
            f'"""{mark}\n[[t]]\n"" \\""" # x = 1\n"""',
            f"'''{mark}\n\\ '' a = [\n''''",
            f'"""{mark} \\\n   more"""""',
        )

    def pair(self, depth: int) -> str:
        return f"{self.key()} = {self.value(depth)}"

    def section(self, names: list[str]) -> str:
        n = self.number()
        header = self.pick("", f"[t{n}]", "[[list]]", f"[[list]]\n[list.sub{n}]", "[[ list.inner ]]")
        if header == "[[ list.inner ]]" and "[[list]]" not in "".join(names):
            header = "[[list]]"
        names.append(header)
        if not header and len(names) > 1:
            header = f"[t{self.number()}.'a.b']"
        pairs = [self.pick("", "# x = [\n", "\n", "  ") + self.pair(0) for _ in range(self.draw(st.integers(0, 4)))]
        return "\n".join([header, *pairs]) + self.pick("\n", " # end\n", "\n\n")


@st.composite
def documents(draw: st.DrawFn) -> str:
    maker, names = Maker(draw), list[str]()
    text = "".join(maker.section(names) for _ in range(draw(st.integers(1, 5))))
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    else:
        inner = []
    out = {path: value}
    for key, part in inner:
        out |= leaves(part, (*path, key))
    return out


@settings(max_examples=150, deadline=None)
@given(documents())
def test_every_path_of_the_parser_is_found_on_its_line(text: str) -> None:
    found, lines = leaves(tomli.loads(text)), key_lines(text)
    assert found.keys() == lines.keys()
    for path, value in found.items():
        if isinstance(value, str):
            mark = "@" + value.split("@")[1] + "@"
            assert lines[path] == text.count("\n", 0, text.index(mark)) + 1
