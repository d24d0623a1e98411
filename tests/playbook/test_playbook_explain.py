"""The sentence that says why: every detector, every measure, in words and without jargon."""

from __future__ import annotations

from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from monitor.detectors import DetectorKind
from monitor.messages import LANGUAGES
from monitor.messages.explain import explain
from monitor.messages.words import factor, moment, number, percent, rough_span, span, zone_mark
from monitor.model import Evidence, Reason, Score, Tier
from monitor.series import Measure
from monitor.times import DAY, HOUR

COUNT = Evidence(
    rule="r",
    key=(),
    tier=Tier.RED,
    since=0.0,
    measure="count",
    window=HOUR,
    detector="seasonal",
    unit="measure",
    score=Score(value=186, expected=21.4),
    families=("tickets", "social", "press"),
)


def test_a_surge_reads_as_the_trade_says_it() -> None:
    assert explain(COUNT, "en") == "186 in 1 h, normal 21, ×8.7; 3 families"
    assert explain(COUNT, "zh") == "1 小时 186 条，平时 21 条，8.7 倍；3 类来源"


CASES = [
    (
        {
            "detector": "threshold",
            "score": Score(value=186, expected=21.4, upper=90, return_period=95 * DAY, history=60 * DAY),
            "reasons": (Reason("above", 150, 186, True), Reason("rarer_than", 30 * DAY, 95 * DAY, True)),
            "families": (),
        },
        "1 小时 186 条，平时 21 条（正常上限 90 条），已超过界限 150 条，这种情形约 3 个月一遇",
        "186 in 1 h, normal 21 (up to 90), above the bound of 150, seen about once in 3 mo",
    ),
    (
        {
            "detector": "ratio",
            "measure": "ratio",
            "score": Score(value=0.12, level=0.09, expected=0.03, lower=0.09, upper=0.15, return_period=95 * DAY),
            "reasons": (Reason("rarer_than", 30 * DAY, 95 * DAY, True),),
            "families": (),
        },
        "1 小时比率 12%，平时 3%，这种情形约 3 个月一遇",
        "rate 12% over 1 h, normal 3%, seen about once in 3 mo",
    ),
    (
        {"score": Score(value=186, expected=63.0, promotion=("618", 3.0)), "families": ()},
        "1 小时 186 条，平时 63 条，3 倍；促销“618”期间，预期 ×3",
        '186 in 1 h, normal 63, ×3; promotion "618", expected ×3',
    ),
    (
        {
            "detector": "threshold",
            "score": Score(value=186),
            "reasons": (Reason("above", 150, 186, True),),
            "families": (),
        },
        "1 小时 186 条，已超过界限 150 条",
        "186 in 1 h, above the bound of 150",
    ),
    (
        {"against": "before", "detector": "change", "families": ()},
        "1 小时 186 条，前一时段 21 条，8.7 倍",
        "186 in 1 h, 21 in the span before, ×8.7",
    ),
    (
        {"against": "yesterday", "detector": "change", "score": Score(value=186, expected=0), "families": ()},
        "1 小时 186 条，昨日同时段 0 条，多 186 条",
        "186 in 1 h, 0 at the same time yesterday, +186",
    ),
    (
        {"against": "last_week", "detector": "change", "score": Score(value=8, expected=20), "families": ()},
        "1 小时 8 条，上周同时段 20 条，只有其 40%",
        "8 in 1 h, 20 at the same time last week, only 40% of it",
    ),
    (
        {"score": Score(value=186, expected=21, upper=38, return_period=95 * DAY), "families": ("tickets",)},
        "1 小时 186 条，平时 21 条（正常上限 38 条），8.9 倍，这种情形约 3 个月一遇；1 类来源",
        "186 in 1 h, normal 21 (up to 38), ×8.9, seen about once in 3 mo; 1 family",
    ),
    (
        {"score": Score(value=3, expected=21, lower=9, return_period=1e12), "families": ()},
        "1 小时 3 条，平时 21 条（正常下限 9 条），只有其 14%，10 年以上才会一遇",
        "3 in 1 h, normal 21 (down to 9), only 14% of it, seen less than once in 10 y",
    ),
    (
        {
            "detector": "ratio",
            "measure": "ratio",
            "window": DAY,
            "score": Score(value=0.083, level=0.054, level_low=0.12, denominator=145),
            "reasons": (Reason("above", 0.05, 0.054, True),),
            "families": (),
        },
        "1 天比率 8.3%（12/145），已超过界限 5%，扣除偶然波动后仍不低于 5.4%",
        "rate 8.3% over 1 d (12 of 145), above the bound of 5%, at least 5.4% with chance allowed for",
    ),
    (
        {
            "detector": "ratio",
            "measure": "ratio",
            "window": DAY,
            "score": Score(value=0.7, level=0.66, level_low=0.74, denominator=400),
            "reasons": (Reason("below", 0.85, 0.74, True),),
            "families": (),
        },
        "1 天比率 70%（280/400），已低于界限 85%，计入偶然波动后仍不高于 74%",
        "rate 70% over 1 d (280 of 400), below the bound of 85%, at most 74% with chance allowed for",
    ),
    (
        {
            "detector": "absence",
            "score": Score(value=None, level=22320),
            "reasons": (Reason("above", 21600, 22320, True),),
            "families": (),
        },
        "已 6 小时 12 分钟 没有任何记录，已超过界限 6 小时",
        "no record for 6 h 12 min, above the bound of 6 h",
    ),
    (
        {"detector": "threshold", "measure": "avg", "score": Score(value=212.5, partial=True), "families": ()},
        "1 小时平均 212；部分来源缺数据，实际可能更多",
        "average 212 over 1 h; some sources are missing, the true figure may be higher",
    ),
    (
        {"score": Score(value=40, partial=True, learning=(3 * DAY, 14 * DAY)), "families": ()},
        "1 小时 至少 40 条；基线学习中（3/14 天）",
        "≥40 in 1 h; baseline still learning (3 of 14 days)",
    ),
    ({"measure": "authors", "score": Score(value=12)}, "1 小时 12 人发声；3 类来源", "12 authors in 1 h; 3 families"),
    (
        {"measure": "reach", "score": Score(value=1234567)},
        "1 小时 触达 1,234,567 人次；3 类来源",
        "a reach of 1,234,567 in 1 h; 3 families",
    ),
    ({"score": Score(value=None), "families": ()}, "没有数据", "no data"),
    (
        {"score": Score(value=12.4, learning=(5400, 7200)), "families": ()},
        "1 小时 12 条；基线学习中（1 小时 30 分钟/2 小时）",
        "12 in 1 h; baseline still learning (1 h 30 min of 2 h)",
    ),
    ({"window": 0.0, "score": Score(value=2), "families": ()}, "当前 2 条", "2 at present"),
    (
        {
            "measure": "rules",
            "detector": "threshold",
            "score": Score(value=2, level=2, parts=(("surge", 2), ("danger-words", 3))),
            "over": {"danger-words": {"zh": "危险用语", "en": "danger words"}},
            "families": ("social",),
        },
        "“危险用语”橙色、“surge”黄色；1 类来源",
        "“danger words” at ORANGE, “surge” at YELLOW; 1 family",
    ),
    (
        {
            "measure": "avg",
            "detector": "target",
            "score": Score(value=198, expected=180, level=0.08, lasting=8 * HOUR),
            "families": (),
        },
        "1 小时平均 198，目标 180，扣除偶然波动后仍差目标的 8%，已持续 8 小时",
        "average 198 over 1 h, goal 180, missed by 8% of it with chance allowed for, for 8 h now",
    ),
    (
        {
            "measure": "ratio",
            "detector": "target",
            "score": Score(value=0.93, expected=0.9, level=-0.02, lasting=0.0),
            "families": (),
        },
        "1 小时比率 93%，目标 90%",
        "rate 93% over 1 h, goal 90%",
    ),
    (
        {"detector": "new_term", "score": Score(value=7, level=7, expected=0.01), "families": ()},
        "1 小时 7 条，以前没有出现过",
        "7 in 1 h, not there before",
    ),
    (
        {"detector": "new_term", "score": Score(value=7, level=7, before=(0, 80 * 86400.0)), "families": ()},
        "1 小时 7 条，此前 80 天里 0 条",
        "7 in 1 h, 0 in the 80 d before",
    ),
    (
        {"detector": "new_term", "score": Score(value=7, level=0, expected=5), "families": ()},
        "1 小时 7 条，以前出现过",
        "7 in 1 h, was there before",
    ),
    (
        {"detector": "highest", "against": "highest", "score": Score(value=60, level=1.2, expected=50), "families": ()},
        "1 小时 60 条，此前最高 50 条，1.2 倍",
        "60 in 1 h, at most 50 before, ×1.2",
    ),
    (
        {"detector": "change", "against": "average", "score": Score(value=60, level=3, expected=20), "families": ()},
        "1 小时 60 条，此前平均 20 条，3 倍",
        "60 in 1 h, 20 on average before, ×3",
    ),
    (
        {"detector": "cusum", "score": Score(value=26, level=1.2, expected=20), "families": ()},
        "1 小时 26 条，平时 20 条，1.3 倍，小幅偏高持续累积，已超出偶然",
        "26 in 1 h, normal 20, ×1.3, small excesses have added up beyond chance",
    ),
    (
        {
            "detector": "share",
            "measure": "share",
            "score": Score(value=0.3, expected=0.1, upper=0.12, level=2.1, denominator=200),
            "families": (),
        },
        "1 小时占比 30%（60/200），平时 10%，3 倍",
        "share 30% over 1 h (60 of 200), normal 10%, ×3",
    ),
    (
        {
            "detector": "spread",
            "measure": "spread",
            "against": "region",
            "score": Score(value=5, level=5),
            "reasons": (Reason("above", 3, 5, True),),
            "families": (),
        },
        "1 小时涉及 5 个不同的地区，已超过界限 3",
        "5 different regions in 1 h, above the bound of 3",
    ),
    (
        {
            "reasons": (Reason("sources", 2, 3, True), Reason("acceleration", 10, 42, True)),
            "families": (),
        },
        "1 小时 186 条，平时 21 条，8.7 倍；3 个平台；正在加速：增量比上一时段多 42",
        "186 in 1 h, normal 21, ×8.7; 3 platforms; accelerating: it grew by 42 more than in the span before",
    ),
]


@pytest.mark.parametrize(("changes", "zh", "en"), CASES)
def test_each_kind_of_evidence_is_told_in_plain_words(changes: dict[str, object], zh: str, en: str) -> None:
    evidence = replace(COUNT, **changes)
    assert (explain(evidence, "zh"), explain(evidence, "en")) == (zh, en)


@pytest.mark.parametrize("measure", [*get_args(Measure), "rules", "spread"])
@pytest.mark.parametrize("detector", [str(kind.__struct_config__.tag) for kind in get_args(DetectorKind)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_measure_and_detector_is_without_words(measure: str, detector: str, language: str) -> None:
    for score in (
        Score(value=None),
        Score(value=0.5),
        Score(value=3, expected=0.0),
        Score(value=1, level=9, expected=2),
    ):
        for reasons in ((), (Reason("above", 2, 3, True),), (Reason("rarer_than", 2, 3, True),)):
            made = replace(COUNT, measure=measure, detector=detector, score=score, reasons=reasons)
            assert explain(made, language).strip()


def test_numbers_and_spans_read_as_people_write_them() -> None:
    assert [number(x) for x in (1234.0, 21.46, 0.083, 5.0, 100.4)] == ["1,234", "21.5", "0.08", "5", "100"]
    assert [percent(x) for x in (0.083, 0.5, 0.0042, 1.0)] == ["8.3%", "50%", "0.42%", "100%"]
    assert [factor(x) for x in (8.857, 2.0, 12.4, 1240.0)] == ["8.9", "2", "12", "1,240"]
    assert [span(x, "en") for x in (0, 59, 90, 7800, 86400, 90000, 172800 + 3600)] == [
        *("0 s", "59 s", "1 min 30 s", "2 h 10 min", "1 d", "1 d 1 h", "2 d 1 h")
    ]
    assert [rough_span(x * DAY, "zh") for x in (1, 7, 31, 92, 364)] == ["1 天", "1 周", "1 个月", "3 个月", "1 年"]


def test_moments_bear_the_clock_and_zone_of_the_reader() -> None:
    at = 1795270500.0
    assert moment(at, ZoneInfo("Asia/Shanghai"), "zh") == "11月21日 22:15"
    assert moment(at, ZoneInfo("Asia/Kolkata"), "en") == "21 Nov 19:45"
    zones = ("Asia/Shanghai", "Asia/Kolkata", "America/St_Johns", "UTC")
    assert [zone_mark(at, ZoneInfo(zone)) for zone in zones] == ["UTC+8", "UTC+5:30", "UTC-3:30", "UTC"]
