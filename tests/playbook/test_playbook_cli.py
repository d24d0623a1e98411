"""`crisis-monitor playbook`: list, check, show, preview."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.playbook import playbook

ROOT = Path(__file__).resolve().parents[2]


def call(*args: str) -> Result:
    return CliRunner().invoke(playbook, args)


def test_list_names_every_playbook_the_general_one_first() -> None:
    lines = call("list", "--lang", "zh").output.splitlines()
    assert lines[0].startswith("general") and "通用应急" in lines[0] and "尚未经本单位复核" in lines[0]
    assert any("product-safety" in line for line in lines)


def test_check_is_quiet_about_the_shipped_ones() -> None:
    result = call("check", "--folder", str(ROOT / "playbooks"), "--lang", "en")
    assert result.exit_code == 0 and result.stdout == ""


def test_check_tells_faults_by_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "playbook.toml").write_text('id = "odd"\n\nonwer = "x"\n', encoding="utf-8")
    result = call("check", "--folder", str(tmp_path), "--lang", "en")
    assert result.exit_code == 1
    assert f"{tmp_path}/odd/playbook.toml:3: there is no key onwer; did you mean owner?" in result.stdout


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_show_tells_the_whole_plan(lang: str) -> None:
    out = call("show", "product-safety", "--lang", lang).output
    wanted = {
        "zh": ("有没有人受伤", "指定指挥和记录员", "消费品缺陷报告：2 个工作日", "完成标志", "还能用吗"),
        "en": ("is anybody hurt", "Name commander", "2 working days", "done when", "Can I still use it"),
    }
    assert all(text in out for text in wanted[lang]), out


def test_preview_shows_the_notice_as_it_would_go_out() -> None:
    out = call("preview", "product-safety", "--tier", "orange", "--transition", "RAISED", "--lang", "zh").output
    assert out.startswith("⬆️🟠 升为橙色 · 产品安全") and "https://monitor.example.com/a/sample" in out


def test_preview_shows_words_for_an_audience_with_their_blanks() -> None:
    out = call("preview", "product-safety", "--audience", "press", "--lang", "zh").output
    assert "正式声明" in out and "〔待填：已核实的事实〕" in out
    none = call("preview", "product-safety", "--audience", "press", "--tier", "blue", "--lang", "zh")
    assert none.exit_code == 1 and "蓝色没有给媒体与公众的话" in none.output


def test_a_misspelt_name_is_guessed() -> None:
    result = call("show", "product-safty", "--lang", "en")
    assert result.exit_code == 2 and "did you mean product-safety?" in result.output
