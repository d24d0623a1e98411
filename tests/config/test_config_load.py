"""A config is loaded whole or refused with every fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config.load import ConfigFault, load, read
from monitor.times import Bound, Duration

GOOD = """
[settings]
timezone = "Asia/Shanghai"

[[source]]
name = "helpdesk"
kind = "push"
family = "tickets"
expect_every = "10m"

[[rule]]
name = "complaints"
risk = "mass-complaints"
blue = { above = 5, for = "10m" }
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def lines(path: Path) -> list[str]:
    return [fault.write("en").removeprefix(str(path.parent) + "/") for fault in read(path)[1]]


def test_a_good_file_becomes_typed_tables(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, "rules.toml", GOOD))
    assert loaded.config.settings.timezone == "Asia/Shanghai"
    assert loaded.config.source[0].expect_every == Duration(600)  # type: ignore[union-attr]
    blue = loaded.config.rule[0].blue
    assert blue is not None and blue.above == Bound(5) and blue.for_ == Duration(600)


def test_no_such_file_is_the_callers_trouble_not_a_fault(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        load(tmp_path / "absent.toml")


def test_includes_append_arrays_and_are_relative_to_the_file(tmp_path: Path) -> None:
    main = write(tmp_path, "rules.toml", 'include = ["rules.d/*.toml"]\n' + GOOD)
    write(tmp_path, "rules.d/b.toml", '[[source]]\nname = "b"\nkind = "push"\n')
    write(tmp_path, "rules.d/a.toml", '[[source]]\nname = "a"\nkind = "push"\n')
    loaded = load(main)
    assert [source.name for source in loaded.config.source] == ["helpdesk", "a", "b"]
    assert [path.name for path in loaded.files] == ["rules.toml", "a.toml", "b.toml"]


def test_a_table_set_in_two_files_is_a_fault_at_the_second(tmp_path: Path) -> None:
    main = write(tmp_path, "rules.toml", 'include = ["more.toml"]\n' + GOOD)
    write(tmp_path, "more.toml", '\n[settings]\nlanguage = "en"\n')
    assert lines(main) == [f"more.toml:2: settings: this table is already set at {main}:3; keep it in one file only"]


def test_a_fault_in_an_included_file_bears_that_file_and_its_line(tmp_path: Path) -> None:
    main = write(tmp_path, "rules.toml", 'include = ["more.toml"]\n' + GOOD)
    write(tmp_path, "more.toml", '# here\n[[source]]\nname = "x"\nkind = "push"\nexpect_evry = "1m"\n')
    assert lines(main) == [
        'more.toml:5: source "x": expect_evry: there is no key expect_evry; did you mean "expect_every"?'
    ]


def test_a_syntax_fault_is_one_line_and_other_files_are_still_checked(tmp_path: Path) -> None:
    main = write(tmp_path, "rules.toml", 'include = ["broken.toml", "more.toml"]\n' + GOOD)
    write(tmp_path, "broken.toml", "a = 1\nb = = 2\n[[source]\n")
    write(tmp_path, "more.toml", '[[source]]\nname = "x"\nkind = "psuh"\n')
    first, second = lines(main)
    assert first.startswith("broken.toml:2: TOML syntax")
    assert second.startswith('more.toml:3: source "x": kind: ')


def test_every_fault_of_one_table_is_shown(tmp_path: Path) -> None:
    text = '[[source]]\nname = 3\nkind = "push"\nexpect_every = 10\nfamly = "x"\n'
    assert [line.split(":")[1] for line in lines(write(tmp_path, "rules.toml", text))] == ["2", "4", "5"]


def test_a_misspelt_key_is_not_missing_as_well(tmp_path: Path) -> None:
    text = '[[source]]\nnmae = "a"\nkind = "push"\n'
    assert lines(write(tmp_path, "rules.toml", text)) == [
        'rules.toml:2: source #1: nmae: there is no key nmae; did you mean "name"?'
    ]


def test_a_refused_config_raises_all_its_faults(tmp_path: Path) -> None:
    with pytest.raises(ConfigFault) as caught:
        load(write(tmp_path, "rules.toml", '[[rule]]\nname = "a"\n[[rule]]\nrisk = "b"\n'))
    assert [fault.line for fault in caught.value.faults] == [1, 3]


def test_the_hash_changes_with_any_included_byte(tmp_path: Path) -> None:
    main = write(tmp_path, "rules.toml", 'include = ["more.toml"]\n' + GOOD)
    more = write(tmp_path, "more.toml", "# one\n")
    before = load(main).hash
    more.write_text("# two\n", encoding="utf-8")
    assert load(main).hash != before
