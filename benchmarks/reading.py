"""What reading costs and how well it reads: python benchmarks/reading.py [PART …] [--data FOLDER] [--rows N]

speed    each stage alone, one core; matching with 10,000 keywords beside the raw automaton, `re` and `in`
all      the whole way of a push: decode, normalise, match, mood, danger, story, count, store; seconds of one core
stories  recall on mutated reposts and how many distinct texts are merged
mood     the shipped reader beside SnowNLP, cnsenti and vaderSentiment, where these are installed
trained  the trained model on rows it has not seen
danger   how many good and bad reviews tell of a danger

FOLDER holds the public sets of labelled texts; by default ../shared/data/mentions beside the checkout. Nothing of it
is kept, and no model learnt from it.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import gzip
import json
import random
import re
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import import_module
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from ahocorasick_rs import AhoCorasick

from monitor.config.load import load
from monitor.daemon import counting
from monitor.daemon.clock import SystemClock
from monitor.daemon.desk import compile_desk
from monitor.daemon.ingest import Ingest
from monitor.mentions import mood, severity
from monitor.mentions.duplicates import Stories
from monitor.mentions.mask import excerpt
from monitor.mentions.mood import Mood
from monitor.mentions.normalize import normalize
from monitor.mentions.topic import Topic
from monitor.mentions.topics import Topics
from monitor.mentions.training import Figures, Row, measure, split, train
from monitor.metrics import Metrics
from monitor.sources.records import read_mentions
from monitor.store import buckets, observations
from monitor.store.database import Database, Priority

DATA = Path(__file__).resolve().parents[2] / "shared/data/mentions"
SETS = {
    "waimai_10k": ("review", "label", "0", "zh"),
    "chnsenticorp_htl_7k": ("review", "label", "0", "zh"),
    "online_shopping_10_cats_train25": ("review", "label", "0", "zh"),
    "us_airline_tweets_2015": ("text", "sentiment", "negative", "en"),
}
BATCH, START = 500, 1_790_000_000.0
A_SECOND, OF_RAW = 5_000, 0.5
"""What is asked of the whole way, and of matching beside the raw automaton."""
COMMON = (
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学"
)


def labelled(data: Path, name: str) -> list[Row]:
    """Texts of a set, and whether each is labelled negative."""
    text, label, bad, _ = SETS[name]
    with gzip.open(data / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        return [(row[text], row[label] == bad) for row in csv.DictReader(lines) if row[text].strip()]


def headlines(data: Path) -> list[dict[str, str]]:
    """Two months of hot-search titles with their descriptions."""
    with gzip.open(data / "weibo_titles_2025Q3.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def rate(begin: Callable[[], Callable[[str], object]], texts: Sequence[str]) -> float:
    """Texts a second of processor time, the best of three runs, each on strings that are new as those of a feed are.

    `begin` gives the work of a run, which knows nothing of the runs before.
    """
    return len(texts) / min(seconds(begin(), texts) for _ in range(3))


def seconds(work: Callable[[str], object], texts: Sequence[str]) -> float:
    """Processor time of one run."""
    fresh = [text.encode().decode() for text in texts]
    start = time.process_time()
    for text in fresh:
        work(text)
    return time.process_time() - start


def speed(data: Path, rows: int) -> None:
    """Stages and the automaton."""
    texts = [text for text, _ in labelled(data, "waimai_10k")[:rows]]
    print(f"stages, {len(texts)} reviews of {sum(map(len, texts)) / len(texts):.0f} characters, texts a second")
    each = {name: rate(begin, texts) for name, begin in _stages(Topics(_topics(headlines(data), 100, 5))).items()}
    for name, found in each.items():
        print(f"  {name:<18} {found:>10,.0f}")
    whole = 1 / sum(1 / each[name] for name in ("match 100 topics", "story", "mood", "danger"))
    print(f"  {'all but excerpt':<18} {whole:>10,.0f}")
    _automaton(data, rows)


def _stages(topics: Topics) -> dict[str, Callable[[], Callable[[str], object]]]:
    """What may be done with a text, each alone from its raw form on."""
    return {
        "normalise": lambda: normalize,
        "match 100 topics": lambda: lambda text: topics.match("", text),
        "story": _telling,
        "mood": lambda: lambda text: mood.shipped().read("", text),
        "danger": lambda: lambda text: severity.shipped().find("", text),
        "excerpt": lambda: excerpt,
    }


def _telling() -> Callable[[str], object]:
    stories, numbers = Stories(), count()
    stories.load([])
    return lambda text: stories.assign("s", str(next(numbers)), "", text, 0.0)


def _topics(found: list[dict[str, str]], count: int, terms: int) -> list[Topic]:
    words = _keywords(found, count * terms)
    groups = [words[i * terms : (i + 1) * terms] for i in range(count)]
    return [Topic(name=str(i), query=" OR ".join(f'"{word}"' for word in some)) for i, some in enumerate(groups)]


def _keywords(found: list[dict[str, str]], count: int) -> list[str]:
    """Pieces of 3 to 5 characters out of titles, the same each time."""
    dice, out = random.Random(1), dict[str, None]()
    while len(out) < count:
        title = re.sub(r"[\W_]", "", dice.choice(found)["title"])
        start, size = dice.randrange(max(1, len(title) - 3)), dice.randrange(3, 6)
        if len(word := normalize(title[start : start + size])) >= 3:
            out[word] = None
    return list(out)


def _automaton(data: Path, rows: int) -> None:
    found = headlines(data)
    words = _keywords(found, 10_000)
    topics = Topics([Topic(name=str(i), query=f'"{word}"') for i, word in enumerate(words)])
    texts = [f"{one['title']} {one['description']}" for one in found if one["description"]][:rows]
    size = sum(len(text.encode()) for text in texts) / 1e6 / len(texts)
    raw = AhoCorasick(words)
    either = re.compile("|".join(map(re.escape, words)))
    ways: dict[str, tuple[Callable[[str], object], Sequence[str]]] = {
        "raw ahocorasick_rs": (lambda text: raw.find_matches_as_indexes(text, overlapping=True), texts),
        "topics": (lambda text: topics.match("", text), texts),
        "topics, normal text": (lambda text: topics.match_normal("", text), [normalize(text) for text in texts]),
        "re alternation": (either.findall, texts[:200]),
        "naive `in`": (lambda text: [word for word in words if word in text], texts[:200]),
    }
    print(f"10,000 keywords, {len(texts)} texts of {size * 1e6:.0f} bytes, MB a second")
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(9):  # in turns: what else the machine does slows all of them alike
        for name, (work, some) in ways.items():
            best[name] = min(best[name], seconds(work, some) / len(some))
    for name, took in best.items():
        asked = f" (at least {OF_RAW})" if name == "topics" else ""
        print(
            f"  {name:<20} {size / took:>10.2f} {best['raw ahocorasick_rs'] / took:>6.2f} of the raw automaton{asked}"
        )


EVERYTHING = """
[[source]]
name = "posts"
kind = "push"
family = "social"
[[rule]]
name = "stories"
risk = "publicity"
measure = "stories"
by = ["topic"]
blue = {{ above = 1e9 }}
[[rule]]
name = "mood"
risk = "publicity"
where = {{ mood = ["negative"] }}
blue = {{ above = 1e9 }}
[[rule]]
name = "danger"
risk = "publicity"
where = {{ danger = ["injury", "fire"] }}
measure = "authors"
blue = {{ above = 1e9 }}
{topics}
"""


def everything(data: Path, rows: int) -> None:
    """Distinct texts and their reposts, pushed in batches of 500, each committed to a store on disk."""
    found = headlines(data)
    texts = [f"{one['title']} {one['description']}" for one in found if one["description"]][: rows * 2]
    dice, topics = random.Random(3), _topics(found, 100, 5)
    picked = dice.choices(range(len(texts)), k=len(texts))
    said = texts + [mutated(texts[i], dice) for i in picked]
    written = "\n".join(f"[[topic]]\nname = \"{t.name}\"\nquery = '{t.query}'" for t in topics)
    with TemporaryDirectory() as name:
        (Path(name) / "rules.toml").write_text(EVERYTHING.format(topics=written), encoding="utf-8")
        took, counted, told = asyncio.run(_pushed(Path(name), said))
    alone = Topics(topics)
    wanted = sum(len(alone.match("", text)) for text in said)
    again = sum(told[i] == story for i, story in zip(picked, told[len(texts) :], strict=True)) / len(picked)
    print(f"everything on, {len(said)} texts of {sum(map(len, said)) / len(said):.0f} characters, half of them reposts")
    print(f"  {len(said) / took:,.0f} a second of one core (at least {A_SECOND:,})")
    print(f"  {counted} of {wanted} matches, {again:.2%} of the reposts in the story they repeat")
    alone_each = {name: 1e6 / rate(begin, said) for name, begin in _stages(alone).items() if name != "excerpt"}
    rest = 1e6 * took / len(said) - sum(alone_each.values()) + alone_each["normalise"]  # the match begins with it
    for name, spent in (*alone_each.items(), ("decode, count, store", rest)):
        print(f"  {name:<22} {spent:>6.1f} µs")


async def _pushed(folder: Path, said: Sequence[str]) -> tuple[float, int, list[str]]:
    """Seconds of processor time, matches by topic that were counted, and the story of each text."""
    desk = compile_desk(load(folder / "rules.toml"), folder, b"key" * 11, tried=False)
    db = Database("sqlite", folder)
    db.open()
    db.start()
    await db.write(lambda c: counting.prepare(c, desk), Priority.ACT)
    await counting.recount(db, desk, lambda: None)
    taking = Ingest(db, lambda: desk, SystemClock(), Metrics(), lambda taken: None)
    taking.stories.load([])  # as the service does when it starts
    (posts,) = desk.sources.values()
    bodies = [
        msgspec.json.encode([
            {"id": str(i), "text": text, "author": f"a{i % 997}", "published_at": START + i * 0.05}
            for i, text in enumerate(said[first : first + BATCH], first)
        ])
        for first in range(0, len(said), BATCH)
    ]  # fmt: skip
    begin = time.process_time()
    for body in bodies:
        records = read_mentions(body, source="posts", zone=desk.zone, now=START + 86400)
        await taking.push(posts, records.mentions, records.samples, START + 86400)  # type: ignore[arg-type]
    took = time.process_time() - begin
    (part, _), known = desk.asked["stories"], desk.counting
    counted = await db.read(lambda c: sum(b.n for _, b in buckets.since(c, known[part.id], 0)))
    told = [story for story, *_ in await db.read(lambda c: observations.recent_stories(c, 0.0))]
    await db.close()
    return took, round(counted), told


def mutated(text: str, dice: random.Random) -> str:
    """A repost: 5 to 10 % of the characters changed, framed and decorated as reposts are."""
    chars = list(text)
    for i in dice.sample(range(len(chars)), max(1, round(len(chars) * dice.choice((0.05, 0.1))))):
        chars[i] = dice.choice((dice.choice(COMMON), dice.choice(COMMON), "", chars[i] + dice.choice(COMMON)))
    text = "".join(chars).replace("，", dice.choice(("，", " ", ",")))
    frame = dice.choice(("", "", "转发微博 ", "【快讯】", "#热点# ", "RT @某某: "))
    return frame + text + dice.choice(("", "", " http://t.cn/A6abcd", " @人民日报", "//@张三:转发微博", "！！！"))


def stories(data: Path, rows: int) -> None:
    """Recall and false merges."""
    found = headlines(data)
    print("stories: distinct texts merged, mutated reposts found, copies a second")
    for name, texts in (
        ("titles of 8 and more", [one["title"] for one in found if len(one["title"]) >= 8]),
        ("titles of 12 and more", [one["title"] for one in found if len(one["title"]) >= 12]),
        ("descriptions", [one["description"] for one in found if len(one["description"]) >= 20]),
    ):
        texts = list(dict.fromkeys(texts))[: rows * 5]
        known, dice = Stories(), random.Random(2)
        told = [known.assign("a", str(i), "", text, 0.0) for i, text in enumerate(texts)]
        picked = dice.sample(range(len(texts)), min(rows, len(texts)))
        copies = [mutated(texts[i], dice) for i in picked]
        start = time.process_time()
        same = sum(known.assign("b", str(i), "", c, 0.0)[0] == told[i][0] for i, c in zip(picked, copies, strict=True))
        took = time.process_time() - start
        merged = sum(not new for _, new in told) / len(told)
        print(f"  {name:<22} {merged:>7.2%} {same / len(picked):>8.2%} {len(picked) / took:>10,.0f}")


def moods(data: Path, rows: int) -> None:
    """The shipped reader and its peers on the same rows."""
    for name, (*_, language) in SETS.items():
        found = labelled(data, name)
        found = found[:: max(1, len(found) // rows)]
        print(f"mood: {name}, {len(found)} rows")
        for who, read in (("crisis-monitor", mood.shipped().read), *_peers(language)):
            start = time.process_time()
            figures = measure(read, found)
            _print(who, figures, len(found) / (time.process_time() - start))


def _print(who: str, figures: Figures, a_second: float) -> None:
    print(
        f"  {who:<22} macro F1 {figures.macro_f1:.3f}  accuracy {figures.accuracy:.3f}  "
        f"precision {figures.precision:.3f}  recall {figures.recall:.3f}  {a_second:>8,.0f}/s"
    )


def _peers(language: str) -> Iterable[tuple[str, Callable[[str, str], Mood]]]:
    """Each peer that is installed, read as its documentation says."""
    if language == "en":
        if vader := _installed("vaderSentiment.vaderSentiment"):
            analyser = vader.SentimentIntensityAnalyzer()
            yield "vaderSentiment", _reader(lambda text: analyser.polarity_scores(text)["compound"] <= -0.05)
        return
    if snow := _installed("snownlp"):
        yield "SnowNLP", _reader(lambda text: snow.SnowNLP(text).sentiments < 0.5)
    if cnsenti := _installed("cnsenti"):
        sentiment = cnsenti.Sentiment()
        for way in ("sentiment_count", "sentiment_calculate"):
            count = getattr(sentiment, way)
            yield f"cnsenti {way.partition('_')[2]}", _reader(lambda text, c=count: _more_negative(c(text)))


def _more_negative(counts: dict[str, float]) -> bool:
    return counts["neg"] > counts["pos"]


def _reader(negative: Callable[[str], bool]) -> Callable[[str, str], Mood]:
    def read(_: str, text: str) -> Mood:
        try:
            return Mood(bool(negative(text)), 0.0, ())
        except (ZeroDivisionError, ValueError, IndexError):
            return Mood(False, 0.0, ())

    return read


def _installed(name: str):  # type: ignore[no-untyped-def]
    try:
        return import_module(name)
    except ImportError:
        print(f"  ({name} is not installed)")
        return None


def trained(data: Path, rows: int) -> None:
    """A model of four fifths of each set, measured on the rest."""
    print("trained: rows never seen")
    for name in SETS:
        found = labelled(data, name)
        model, figures = train(found)
        held = [text for text, _ in split(found)[1]][:rows]
        read = partial(model.read, "")
        _print(name[:22], figures, rate(lambda read=read: read, held))  # type: ignore[misc]


def dangers(data: Path, rows: int) -> None:
    """How often a review tells of a danger: good ones hardly ever should."""
    print("danger: share of reviews that tell of one")
    for name in SETS:
        found = labelled(data, name)
        told = {kind: [0, 0] for kind in (True, False)}
        for text, negative in found[:: max(1, len(found) // rows)]:
            told[negative][0] += 1
            told[negative][1] += any(d.standing == "told" for d in severity.shipped().find("", text))
        print(f"  {name:<32} good {told[False][1] / told[False][0]:.2%}  bad {told[True][1] / told[True][0]:.2%}")


PARTS = {"speed": speed, "all": everything, "stories": stories, "mood": moods, "trained": trained, "danger": dangers}


def main() -> None:
    """Runs the parts that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("part", nargs="*", choices=[*PARTS, []])
    asked = parser.parse_args()
    if not asked.data.is_dir():
        parser.exit(2, f"{asked.data} is not there; name the folder of labelled texts with --data\n")
    for part in asked.part or PARTS:
        PARTS[part](asked.data, asked.rows)


if __name__ == "__main__":
    main()
