"""How well the shipped topics find what they are about: python benchmarks/topics.py [score|wrong|draw] [--data FOLDER]

score    precision and recall of each topic of rules.toml on the labelled texts, with Wilson's 95 % interval
wrong    the same, and each text that a topic reads wrongly
draw     the sample as today's topics would draw it, a tab-separated line each: id, stratum, text

benchmarks/topics.tsv keeps which texts were drawn and what each was found to be about when read by eye: ids and
topics, no text. An id is the start of the SHA-256 of the day or minute and the text, so it holds whatever else comes
into the sets. FOLDER holds them; by default ../shared/data/mentions beside the checkout. Where it is absent, nothing
is measured, and that is said.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from monitor.config.load import load
from monitor.detectors.ratio import wilson
from monitor.mentions.topics import Topics

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared/data/mentions"
LABELS = Path(__file__).with_suffix(".tsv")
TITLES, TWEETS = "weibo_titles_2025Q3.jsonl.gz", "us_airline_tweets_2015.csv.gz"
TOPICS = ("danger", "injury", "recall", "data-leak", "outage", "legal-threat", "anger", "policy")
"""The topics that were labelled: not made-up names, and not those that only weigh (detection/worth.py)."""
QUOTA = {"zh": (30, 80, 40), "en": (30, 50, 30)}
"""How many texts are drawn: of each topic, of those with a word near to one, of the others."""
NEAR = {
    "zh": "火|炸|烟|毒|伤|死|亡|医院|急救|召|不合格|监管|处罚|泄|隐私|盗|个人信息|崩|瘫痪|故障|登录|告|诉|维权|投诉"
    "|曝光|举报|骂|怒|差|骗|道歉|规定|条例|法规|办法",
    "en": "fire|smok|burn|hurt|injur|sick|medical|emergenc|safe|hack|privacy|website|app|site|system|computer|down"
    "|error|crash|lawyer|legal|report|complain|hate|ridiculous|unacceptable|suck|joke|pathetic|frustrat|horrible",
}


@dataclass(frozen=True)
class Text:
    """A text of the sets."""

    id: str
    lang: str
    title: str
    body: str


@dataclass(frozen=True)
class Label:
    """What a drawn text was found to be about."""

    id: str
    drawn: str
    about: frozenset[str]


def texts(data: Path) -> list[Text]:
    """Distinct texts of both sets in the order of their ids, which is as good as any throw of dice."""
    found: dict[tuple[str, str], Text] = {}
    for lang, at, title, body in (*_titles(data), *_tweets(data)):
        told = hashlib.sha256(f"{at}\n{title or body}".encode()).hexdigest()[:12]
        found.setdefault((lang, title or body), Text(told, lang, title, body))
    return sorted(found.values(), key=lambda text: text.id)


def _titles(data: Path) -> Iterator[tuple[str, str, str, str]]:
    with gzip.open(data / TITLES, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            yield "zh", row["first_seen_utc"], row["title"], row["description"]


def _tweets(data: Path) -> Iterator[tuple[str, str, str, str]]:
    with gzip.open(data / TWEETS, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield "en", row["created_local"], "", row["text"]


def draw(found: list[Text], topics: Topics) -> Iterator[tuple[Text, str]]:
    """Each text once, with the stratum it came from: a topic that holds, `near`, or `rest`."""
    left = {(lang, kind): n for lang, (each, *more) in QUOTA.items() for kind, n in _quotas(each, more)}
    for text in found:
        held = topics.match(text.title, text.body).intersection(TOPICS)
        near = re.search(NEAR[text.lang], f"{text.title} {text.body}".lower())
        kinds = sorted(held, key=TOPICS.index) or (["near"] if near else ["rest"])
        if kind := next((kind for kind in kinds if left[text.lang, kind]), None):
            left[text.lang, kind] -= 1
            yield text, kind


def _quotas(each: int, more: list[int]) -> Iterator[tuple[str, int]]:
    yield from ((topic, each) for topic in TOPICS)
    yield from zip(("near", "rest"), more, strict=True)


def labels() -> list[Label]:
    """The labels that are kept."""
    with LABELS.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")
        return [Label(row["id"], row["drawn"], frozenset(row["about"].split())) for row in rows]


@dataclass(frozen=True)
class Score:
    """How a topic read the labelled texts of a language."""

    topic: str
    lang: str
    right: int
    wrong: list[Text]
    missed: list[Text]


def scores(found: list[Text], topics: Topics) -> list[Score]:
    """One for each topic and language. KeyError: a labelled text is not among those found."""
    by_id = {text.id: text for text in found}
    read = [(by_id[label.id], label.about) for label in labels()]
    held = {text.id: topics.match(text.title, text.body) for text, _ in read}
    return [
        Score(
            topic,
            lang,
            sum(topic in about and topic in held[text.id] for text, about in read if text.lang == lang),
            [text for text, about in read if text.lang == lang and topic in held[text.id] - about],
            [text for text, about in read if text.lang == lang and topic in about - held[text.id]],
        )
        for topic in TOPICS
        for lang in QUOTA
    ]


def show(found: list[Text], topics: Topics, *, each: bool) -> None:
    """Prints a line for each score; with `each` also the texts."""
    for score in scores(found, topics):
        precision = share(score.right, score.right + len(score.wrong))
        recall = share(score.right, score.right + len(score.missed))
        print(f"  {score.topic:<13} {score.lang}  precision {precision:<24}  recall {recall}")
        for what, some in (("wrong", score.wrong), ("missed", score.missed)) if each else ():
            for text in some:
                print(f"    {what:<6} {text.id} {text.title} {text.body}")


def share(part: int, whole: int) -> str:
    """A proportion and its interval, as docs/reading.md writes them."""
    if not whole:
        return "none"
    low, high = wilson(part, whole)
    return f"{part} of {whole}, {part / whole:.2f} ({low:.2f} to {high:.2f})"


def main() -> None:
    """Runs what is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("score", "wrong", "draw"), default="score")
    parser.add_argument("--data", type=Path, default=DATA)
    asked = parser.parse_args()
    if absent := [name for name in (TITLES, TWEETS) if not (asked.data / name).is_file()]:
        print(f"not measured: {', '.join(absent)} not in {asked.data}; name the folder with --data")
        return
    topics, found = Topics(load(ROOT / "rules.toml").config.topic), texts(asked.data)
    if asked.what == "draw":
        for text, drawn in draw(found, topics):
            print(text.id, drawn, " ".join(f"{text.title} {text.body}".split()), sep="\t")
    else:
        show(found, topics, each=asked.what == "wrong")


if __name__ == "__main__":
    main()
