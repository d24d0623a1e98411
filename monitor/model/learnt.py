"""What is learnt afterwards: reviews of incidents, and what will be done so that it does not happen again."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

Direction = Literal["lower", "higher"]
Effect = Literal["", "reached", "not_reached", "relapsed"]


class Action(Struct, frozen=True, kw_only=True):
    """What will be done, by one named person until a day; `metric` and `wanted` say how its effect shows.

    `before`: the metric over the days before the incident began to be acted on. `direction`: what is better.
    `check_at`: when its effect is looked at. `relapsed_at`: since when an effect that was there is gone again.
    """

    id: str
    text: str
    owner: str
    due_at: float
    metric: str = ""
    direction: Direction = "lower"
    before: float | None = None
    wanted: float | None = None
    check_at: float | None = None
    done_at: float | None = None
    dropped_at: float | None = None
    effect: Effect = ""
    relapsed_at: float | None = None


class Review(Struct, frozen=True, kw_only=True):
    """One incident looked back on. `whys`: chains of why, each answer the question of the next.

    `answers`: to the playbook's questions by their number, "1" the first.
    """

    incident: str
    due_at: float
    held_at: float | None = None
    held_by: str = ""
    causes: tuple[str, ...] = ()
    whys: tuple[tuple[str, ...], ...] = ()
    went_well: tuple[str, ...] = ()
    went_badly: tuple[str, ...] = ()
    answers: dict[str, str] = field(default_factory=dict)
    playbook_changes: tuple[str, ...] = ()
    rule_changes: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
