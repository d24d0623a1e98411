from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.incidents.answers import Answered, Asked, speeds
from monitor.model import Tier

RED, ORANGE = Tier.RED, Tier.ORANGE


def told(asked: list[Asked], answered: list[Answered]) -> dict[tuple[str, Tier, str], tuple[int, int, float | None]]:
    return {(s.person, s.tier, s.channel): (s.asked, s.answered, s.median) for s in speeds(asked, answered)}


def test_an_answer_counts_from_the_first_asking_and_for_the_channel_that_reached_last() -> None:
    asked = [Asked("A", "li", ORANGE, "mail", 0), Asked("A", "li", RED, "sms", 300)]
    asked.append(Asked("A", "wang", RED, "sms", 400))
    assert told(asked, [Answered("A", "li", 420)]) == {
        ("li", RED, "sms"): (1, 1, 420.0),
        ("wang", RED, "sms"): (1, 0, None),
    }


def test_after_an_answer_asking_begins_anew_and_incidents_do_not_mix() -> None:
    asked = [Asked("A", "li", RED, "sms", 0), Asked("A", "li", RED, "sms", 1000), Asked("B", "li", RED, "sms", 50)]
    answered = [Answered("A", "li", 60), Answered("A", "li", 1010)]
    assert told(asked, answered) == {("li", RED, "sms"): (3, 2, 35.0)}
    (row,) = speeds(asked, answered)
    assert row.slowest == 60


def test_one_who_was_never_asked_takes_no_part() -> None:
    assert speeds([], [Answered("A", "li", 60)]) == []
    assert told([Asked("A", "li", RED, "sms", 0)], [Answered("A", "root", 60)]) == {("li", RED, "sms"): (1, 0, None)}


LINES = st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from(["li", "wang"]), st.integers(0, 99)), max_size=20)


@given(LINES, LINES)
def test_nobody_answers_oftener_than_they_were_asked(
    asked: list[tuple[str, str, int]], answered: list[tuple[str, str, int]]
) -> None:
    found = speeds([Asked(i, p, RED, "sms", at) for i, p, at in asked], [Answered(*each) for each in answered])
    assert all(0 <= s.answered <= s.asked for s in found)
    assert {s.person for s in found} == {p for _, p, _ in asked}
