"""`crisis-monitor mood`: a mood reader learnt from one's own labelled texts, and figures of how well moods are read."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from monitor.cli.language import lang_option, told
from monitor.mentions.mood import shipped
from monitor.mentions.ngrams import ModelFault, load
from monitor.mentions.training import Figures, Row, measure, split
from monitor.mentions.training import train as learn
from monitor.messages import say
from monitor.sources.tables import TableFault, rows_of

TEXTS = ("text", "review", "content", "内容", "投诉内容", "评论", "正文")
LABELS = ("label", "sentiment", "mood", "标签", "情感", "类别")
NEGATIVE = ("negative", "neg", "bad", "complaint", "负面", "消极", "差评", "投诉", "负向")


@click.group("mood", help=told("mentions.help.mood"))
def mood() -> None:
    """Commands on moods."""


def _labelled(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the file of labelled texts and what its columns are called."""
    for option in (
        lang_option,
        click.option("--negative", multiple=True, help=told("mentions.help.negative")),
        click.option("--label", default="", help=told("mentions.help.label")),
        click.option("--text", default="", help=told("mentions.help.text")),
        click.argument("file", type=click.Path(path_type=Path)),
    ):
        command = option(command)
    return command


@mood.command("train", help=told("mentions.help.mood_train"))
@_labelled
@click.option("--out", required=True, type=click.Path(path_type=Path), help=told("mentions.help.out"))
def train(file: Path, text: str, label: str, negative: tuple[str, ...], lang: str, out: Path) -> None:
    """Figures on stdout, measured on rows that were kept back. Exit code 1: nothing could be learnt."""
    rows = _rows(file, text, label, negative, lang)
    try:
        model, figures = learn(rows)
    except ModuleNotFoundError:
        _stop(f"{file}: {say(lang, 'mentions.numpy')}")
    except ValueError:
        _stop(
            f"{file}: {say(lang, 'mentions.few', negative=sum(n for _, n in rows), rest=sum(not n for _, n in rows))}"
        )
    out.write_bytes(model.dump())
    held = split(rows)[1]
    click.echo(_line(lang, "trained", figures))
    click.echo(_line(lang, "shipped", measure(shipped().read, held)))
    click.echo(say(lang, "mentions.written", file=out, rows=len(rows)))


@mood.command("eval", help=told("mentions.help.mood_eval"))
@_labelled
@click.option("--model", type=click.Path(path_type=Path), help=told("mentions.help.model"))
def evaluate(file: Path, text: str, label: str, negative: tuple[str, ...], lang: str, model: Path | None) -> None:
    """Figures of the shipped reader, and of a model where one is named. Exit code 1: something could not be read."""
    rows = _rows(file, text, label, negative, lang)
    if model:
        try:
            trained = load(model.read_bytes())
        except (ModelFault, OSError) as error:
            _stop(f"{model}: {error}")
        click.echo(_line(lang, "trained", measure(trained.read, rows)))
    click.echo(_line(lang, "shipped", measure(shipped().read, rows)))


def _rows(file: Path, text: str, label: str, negative: tuple[str, ...], lang: str) -> list[Row]:
    """The labelled texts of a file; stops the command with what is wrong."""
    wanted = frozenset(filter(None, (text, label))) or frozenset((*TEXTS, *LABELS))
    try:
        table = [
            {str(key).strip(): value for key, value in row.items()} for row in rows_of(file, whole=True, wanted=wanted)
        ]
    except OSError as error:
        _stop(say(lang, "check.no_file", name=file, text=error.strerror or error), code=2)
    except TableFault as fault:
        _stop(f"{file}: {fault}")
    names = list(table[0]) if table else []
    text = _column(file, names, text, TEXTS, lang, "text")
    label = _column(file, names, label, LABELS, lang, "label")
    rows = [(str(row.get(text) or ""), str(row.get(label) or "").strip().lower()) for row in table]
    labels = sorted({kind for _, kind in rows})
    bad = {word.strip().lower() for word in negative} or set(NEGATIVE)
    if not bad & set(labels):
        _stop(f"{file}: {say(lang, 'mentions.labels', labels=', '.join(labels[:12]))}")
    return [(words, kind in bad) for words, kind in rows if words.strip()]


def _column(file: Path, names: list[str], asked: str, usual: tuple[str, ...], lang: str, option: str) -> str:
    found = next((name for name in ((asked,) if asked else usual) if name in names), None)
    if found is None:
        _stop(f"{file}: {say(lang, 'mentions.column', option=option, names=', '.join(names))}")
    return found


def _line(lang: str, who: str, figures: Figures) -> str:
    shown = {name: f"{value:.3f}" for name, value in figures._asdict().items() if name != "rows"}
    return say(lang, "mentions.figures", who=say(lang, f"mentions.{who}"), rows=figures.rows, **shown)


def _stop(text: str, code: int = 1) -> NoReturn:
    click.echo(text, err=True)
    sys.exit(code)
