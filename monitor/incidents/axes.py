"""Nature, extent, urgency, certainty: how four axes come to one tier, and which of them moved it."""

from __future__ import annotations

from msgspec import Struct, field

from monitor.model import Axes, Tier

GRAVE = 2
MISSING = -1


class Matrix(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[matrix]`: the ladder's tier, raised by grave nature or urgency, capped where certainty is asked and missing.

    `nature` and `urgency`: level of the axis -> tiers to add. `uncertain`: the highest tier without corroboration.
    """

    nature: dict[int, int] = field(default_factory=lambda: {GRAVE: 1})
    urgency: dict[int, int] = field(default_factory=dict)
    uncertain: int = Tier.YELLOW


def tier_of(axes: Axes, matrix: Matrix) -> tuple[Tier, str]:
    """The tier, and the axis that moved it away from the ladder's ("" = none did). Calm stays calm."""
    if axes.extent <= Tier.CALM:
        return Tier.CALM, ""
    added = {"nature": _added(axes.nature, matrix.nature), "urgency": _added(axes.urgency, matrix.urgency)}
    level = min(Tier.RED, axes.extent + sum(added.values()))
    moved = max(added, key=lambda axis: added[axis]) if level > axes.extent else ""
    if axes.certainty <= MISSING and level > matrix.uncertain:
        return Tier(matrix.uncertain), "certainty"
    return Tier(level), moved


def _added(level: int, steps: dict[int, int]) -> int:
    return max((n for at, n in steps.items() if level >= at), default=0)
