"""`mood train` and `mood eval` as they are called from outside."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.main import main

pytest.importorskip("numpy")


def call(*args: str) -> Result:
    return CliRunner().invoke(main, ["mood", *args, "--lang", "en"])


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    dice = random.Random(1)
    rows = [("太慢了差评", "0") if dice.random() < 0.5 else ("很好吃推荐", "1") for _ in range(200)]
    file = tmp_path / "tickets.csv"
    file.write_bytes(("内容,标签\n" + "".join(f"{t}{i},{y}\n" for i, (t, y) in enumerate(rows))).encode("gb18030"))
    return file


def test_train_writes_a_model_and_eval_reads_it(tmp_path: Path, labelled: Path) -> None:
    out = tmp_path / "own.mood"
    trained = call("train", str(labelled), "--negative", "0", "--out", str(out))
    assert trained.exit_code == 0, trained.output
    assert out.stat().st_size < 67_000
    assert "accuracy 1.000" in trained.stdout
    read = call("eval", str(labelled), "--negative", "0", "--model", str(out))
    assert read.exit_code == 0
    assert [line.split(":")[0] for line in read.stdout.splitlines()] == ["trained", "shipped"]


def test_what_is_missing_is_told_with_what_there_is(tmp_path: Path, labelled: Path) -> None:
    assert "the labels are 0, 1" in call("eval", str(labelled)).stderr
    assert "内容, 标签" in call("eval", str(labelled), "--text", "body").stderr
    assert call("eval", str(tmp_path / "none.csv")).exit_code == 2
    other = tmp_path / "x.mood"
    other.write_bytes(b"nonsense")
    result = call("eval", str(labelled), "--negative", "0", "--model", str(other))
    assert result.exit_code == 1 and "no mood model" in result.stderr
