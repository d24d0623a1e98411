"""A reload says what means something else than before."""

from __future__ import annotations

from msgspec.structs import replace

from monitor.config.changes import Changes, Names, changed
from monitor.config.schema import Config, Settings
from monitor.mentions.topic import Topic
from monitor.rules.rule import Rule, Rung, Where
from monitor.sources import Push
from monitor.times import Bound

YELLOW = Rung(above=Bound(3))
OLD = Config(
    source=(Push(name="desk", family="tickets"), Push(name="voices", family="social")),
    topic=(Topic(name="danger", query="fire"), Topic(name="anger", query="awful")),
    rule=(
        Rule(name="burning", risk="safety", where=Where(topic=("danger",), family=("tickets",)), yellow=YELLOW),
        Rule(name="angry", risk="publicity", where=Where(topic=("anger",), source=("voices",)), yellow=YELLOW),
        Rule(name="many", risk="complaints", where=Where(family=("tickets",)), yellow=YELLOW),
    ),
)
NOTHING = Changes(source=Names(), topic=Names(), rule=Names())


def test_the_same_config_changes_nothing() -> None:
    assert changed(OLD, OLD) == NOTHING


def test_order_notes_and_settings_change_no_meaning() -> None:
    noted = tuple(replace(topic, note="seen") for topic in reversed(OLD.topic))
    new = replace(OLD, topic=noted, rule=OLD.rule[::-1], settings=Settings(organisation="x"))
    assert changed(OLD, new) == NOTHING


def test_a_changed_query_changes_the_rules_that_ask_for_it() -> None:
    new = replace(OLD, topic=(Topic(name="danger", query="fire OR smoke"), OLD.topic[1]))
    changes = changed(OLD, new)
    assert (changes.topic, changes.rule) == (Names(changed=("danger",)), Names(changed=("burning",)))


def test_a_changed_query_changes_the_rules_that_weigh_by_it() -> None:
    weighing = replace(OLD.rule[2], where=Where(), weigh={"danger": 2.0})
    old = replace(OLD, rule=(weighing,))
    new = replace(old, topic=(Topic(name="danger", query="fire OR smoke"), OLD.topic[1]))
    assert changed(old, new).rule == Names(changed=(weighing.name,))


def test_a_new_source_changes_the_rules_over_its_family() -> None:
    new = replace(OLD, source=(*OLD.source, Push(name="shop", family="tickets")))
    changes = changed(OLD, new)
    assert (changes.source, changes.rule) == (Names(added=("shop",)), Names(changed=("burning", "many")))


def test_a_source_read_in_another_way_changes_the_rules_that_name_it() -> None:
    new = replace(OLD, source=(OLD.source[0], Push(name="voices", family="social", labels={"x": "y"})))
    changes = changed(OLD, new)
    assert (changes.source, changes.rule) == (Names(changed=("voices",)), Names(changed=("angry",)))


def test_rules_come_go_and_change() -> None:
    other = replace(OLD.rule[2], yellow=Rung(above=Bound(4)))
    new = replace(OLD, rule=(OLD.rule[1], other, Rule(name="new", risk="r", yellow=YELLOW)))
    assert changed(OLD, new).rule == Names(added=("new",), removed=("burning",), changed=("many",))
