"""Writes docs/configuration.md and docs/commands.md, and the presets of docs/sources.md; in Chinese, too.

python docs/build_reference.py            writes them
python docs/build_reference.py --check    says which are stale, exit code 1
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ |= {"LC_ALL": "C", "COLUMNS": "80"}  # commands describe themselves as the terminal is, when they are loaded

import click

from monitor.cli.main import COMMANDS, main
from monitor.config.dump import write_value
from monitor.config.reference import Key, Table, tables
from monitor.messages import catalogue
from monitor.sources.presets import Parameter, Preset, presets

DOCS = Path(__file__).resolve().parent
INTRO = {
    "en": """# rules.toml

Written from the code by `docs/build_reference.py`; `crisis-monitor schema` prints the same as JSON Schema for editors,
`crisis-monitor check` tells every fault with its line. The shipped `rules.toml` shows it all at work.

`include = ["rules.d/*.toml"]` at the top takes in further files, relative to this one: arrays of tables are appended,
any other table may be set in one file only.

| written as | is |
|---|---|
| duration | a text such as `"30s"`, `"1h30m"`, `"2w"`; units `ms s m h d w`, `mo` = 30 d, `y` = 365 d |
| secret | a reference: `"env:NAME"`, `"file:PATH"` or `"credential:NAME"` (systemd) |
| relative path | of sources and channels: in the state directory |
""",
    "zh": """# rules.toml 参考

由 `docs/build_reference.py` 根据代码生成；`crisis-monitor schema` 以 JSON Schema 输出同样内容供编辑器使用，
`crisis-monitor check` 逐行指出错误。随附的 `rules.toml` 是完整的可运行示例。

开头的 `include = ["rules.d/*.toml"]` 引入其他文件（相对于本文件）：表数组依次追加，其他表只能在一个文件里设置。

| 写法 | 含义 |
|---|---|
| duration 时长 | 文本，例如 `"30s"`、`"1h30m"`、`"2w"`；单位 `ms s m h d w`，`mo` = 30 天，`y` = 365 天 |
| secret 密钥 | 引用：`"env:名称"`、`"file:路径"` 或 `"credential:名称"`（systemd） |
| 相对路径 | 数据源与渠道的相对路径在状态目录中 |
""",
}
WORDS = {
    "en": {
        "head": "| key | type | default | meaning |",
        "required": "required",
        "presets": "In place of `kind`; keys beside it win. Parameters and examples: [sources.md](sources.md#presets).",
        "all": "All kinds",
        "none": "No keys of its own.",
        "preset_table": "| preset | needs | kind | asked | tried live |",
        "asked": "every {every}",
        "least": ", not under {least}",
        "tried": "{on}",
        "untried": "never; written {on}",
        "about": "{about}. Family `{family}`.",
        "parameters": "| parameter | default | meaning |",
        "choices": "{means}: {choices}",
        "comma": ", ",
        "tried_live": "Tried live on {on} from {against}.",
        "untried_live": "Never tried live (`checked = false`); written on {on} from {against}.",
    },
    "zh": {
        "presets": "代替 `kind`；同时写明的键优先。参数与示例见[数据源](sources.zh-CN.md#预设)。",
        "head": "| 键 | 类型 | 默认 | 含义 |",
        "required": "必填",
        "all": "各种类通用",
        "none": "没有自己的键。",
        "preset_table": "| 预设 | 需要 | 种类 | 读取间隔 | 实际试过 |",
        "asked": "{every}",
        "least": "，最短 {least}",
        "tried": "{on}",
        "untried": "没有；写于 {on}",
        "about": "{about}。来源类别 `{family}`。",
        "parameters": "| 参数 | 默认 | 含义 |",
        "choices": "{means}：{choices}",
        "comma": "、",
        "tried_live": "{on} 实际试过，依据：{against}。",
        "untried_live": "从未实际试过（`checked = false`）；{on} 写成，依据：{against}。",
    },
}
PRESET_HEAD = {"en": ["| preset | brings |", "|---|---|"], "zh": ["| 预设 | 内容 |", "|---|---|"]}
BEGIN, END = "<!-- presets: written from the code by `make docs` -->", "<!-- end of presets -->"
SOURCES = {"en": "sources.md", "zh": "sources.zh-CN.md"}
TIER = {"en": "blue, yellow, orange, red", "zh": "blue、yellow、orange、red"}


def configuration(language: str) -> str:
    """All tables of rules.toml."""
    parts = [INTRO[language]]
    everything = list(tables())
    for path in dict.fromkeys(table.path for table in everything):
        same = [table for table in everything if table.path == path]
        parts.append(f"## {_header(path, language)}\n")
        parts += _kinds(same, language) if same[0].kind else [_described(same[0], same[0].keys, language)]
        parts += [_preset_list(language)] if path == ("source",) else []
    return "\n".join(parts)


def _header(path: tuple[str, ...], language: str) -> str:
    if path[-1] == "tier":
        return f"Tiers of a rule: {TIER[language]}" if language == "en" else f"规则的四级：{TIER[language]}"
    return f"`{'.'.join(path)}`"


def _kinds(same: list[Table], language: str) -> list[str]:
    """What all kinds have once, then what each has of its own."""
    shared = [key for key in same[0].keys if all(_has(table, key) for table in same)] if len(same) > 1 else []
    parts = [f"### {WORDS[language]['all']}\n", _rows(shared, language)] if shared else []
    for table in same:
        own = [key for key in table.keys if key not in shared]
        parts += [f'### `kind = "{table.kind}"`\n', _described(table, own, language)]
    return parts


def _has(table: Table, key: Key) -> bool:
    return any(other == key for other in table.keys)


def _described(table: Table, keys: Any, language: str) -> str:
    summary = catalogue().get(".".join(("config.about", *table.path, table.kind)), {}).get(language, "")
    about = "".join(f"{text}\n\n" for text in (summary, table.about if language == "en" else "") if text)
    return about + (_rows(keys, language) if keys else f"{WORDS[language]['none']}\n")


def _rows(keys: Any, language: str) -> str:
    rows = [WORDS[language]["head"], "|---|---|---|---|"]
    for key in keys:
        default = WORDS[language]["required"] if key.default is None else f"`{key.default}`" if key.default else ""
        means = key.means.get(language, "")
        rows.append(f"| `{key.name}` | {_cell(key.type)} | {_cell(default)} | {_cell(means)} |")
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _preset_list(language: str) -> str:
    """What `preset` may name; their parameters stand in the page of sources."""
    rows = [f"| `{name}` | {_cell(_said(f'about.{name}', language))} |" for name in presets()]
    return "\n".join([f"### `preset = …`\n\n{WORDS[language]['presets']}\n", *PRESET_HEAD[language], *rows, ""])


def _said(id: str, language: str) -> str:
    return catalogue()[f"presets.{id}"][language]


def sources(language: str) -> str:
    """The page of sources with its presets as the register has them."""
    text = (DOCS / SOURCES[language]).read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    found = [_preset(name, preset, language) for name, preset in presets().items()]
    return "\n".join([head + BEGIN, _preset_table(language), *found, END]) + rest.partition(END)[2]


def _preset_table(language: str) -> str:
    words = WORDS[language]
    rows = [words["preset_table"], "|---|---|---|---|---|"]
    for name, preset in presets().items():
        asked = words["asked"].format(every=preset.source["every"])
        asked += words["least"].format(least=preset.least_every) if preset.least else ""
        tried = words["tried" if preset.checked else "untried"].format(on=preset.on)
        needs = _said(f"needs.{preset.needs}", language)
        rows.append(f"| [`{name}`](#{name}) | {needs} | `{preset.kind}` | {asked} | {tried} |")
    return "\n".join(rows) + "\n"


def _preset(name: str, preset: Preset, language: str) -> str:
    words = WORDS[language]
    about = words["about"].format(about=_said(f"about.{name}", language), family=preset.source["family"])
    parts = [f"### {name}\n", about]
    if preset.parameters:
        parts += ["", words["parameters"], "|---|---|---|"]
        parts += [_parameter(name, key, p, language) for key, p in preset.parameters.items()]
    example = {"name": name.replace("_", "-"), "preset": name, **preset.example}
    parts += ["", "```toml", "[[source]]", *(f"{key} = {write_value(value)}" for key, value in example.items()), "```"]
    against = preset.against if " " in preset.against else f"<{preset.against}>"
    told = words["tried_live" if preset.checked else "untried_live"].format(on=preset.on, against=against)
    return "\n".join([*parts, "", told, ""])


def _parameter(preset: str, key: str, parameter: Parameter, language: str) -> str:
    words = WORDS[language]
    default = words["required"] if parameter.default is None else f"`{parameter.default}`" if parameter.default else ""
    means = _said(f"parameter.{preset}.{key}", language)
    if parameter.choices:
        choices = words["comma"].join(f"`{choice}`" for choice in parameter.choices)
        means = words["choices"].format(means=means, choices=choices)
    return f"| `{key}` | {_cell(default)} | {_cell(means)} |"


def commands() -> str:
    """What every command says of itself."""
    parts = ["# Commands\n\nWritten from the code by `docs/build_reference.py`.\n"]
    context = click.Context(main, info_name="crisis-monitor")
    for name in (name for name, module in COMMANDS.items() if find_spec(f"monitor.cli.{module}")):
        command = main.get_command(context, name)
        assert command is not None, name
        parts.append(_command(command, click.Context(command, info_name=name, parent=context)))
    return "\n".join(parts)


def _command(command: click.Command, context: click.Context) -> str:
    out = f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None, name
            out += f"\n#{_command(inner, click.Context(inner, info_name=name, parent=context))}"
    return out


PAGES = {
    "configuration.md": lambda: configuration("en"),
    "configuration.zh-CN.md": lambda: configuration("zh"),
    "commands.md": commands,
    SOURCES["en"]: lambda: sources("en"),
    SOURCES["zh"]: lambda: sources("zh"),
}


def stale() -> list[str]:
    """The pages that are not as the code says."""
    return [name for name, page in PAGES.items() if not _is(DOCS / name, page())]


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        old = stale()
        for name in old:
            print(f"docs/{name} is stale; run python docs/build_reference.py")
        sys.exit(1 if old else 0)
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
