"""Nature, extent, urgency, certainty: how four axes come to one tier, and which of them moved it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from msgspec import Struct

from monitor.model import Axes, Tier

NATURES = ("ordinary", "serious", "grave")
URGENCIES = ("ordinary", "fast", "racing")
"""The words of the levels 0, 1, 2."""
MISSING = -1


class NatureSteps(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[matrix] nature`: tiers to add when what happened is `serious`, or `grave` (injury, crime, the regulator)."""

    serious: int = 0
    grave: int = 1


class UrgencySteps(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[matrix] urgency`: tiers to add when it grows `fast`, or is `racing`."""

    fast: int = 0
    racing: int = 0


class Matrix(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[matrix]`: the ladder's tier, raised by `nature` or `urgency`, capped where certainty is asked and missing.

    `uncertain`: the highest tier without corroboration.
    """

    nature: NatureSteps = NatureSteps()
    urgency: UrgencySteps = UrgencySteps()
    uncertain: Literal["blue", "yellow", "orange", "red"] = "yellow"

    @property
    def cap(self) -> Tier:
        """The highest tier without corroboration."""
        return Tier.of(self.uncertain)


CHILD = "child"
"""Not a danger by itself: with it one that is told is a step graver."""


def nature_of(dangers: Collection[str], levels: Mapping[str, int]) -> int:
    """The level of nature that dangers come to: that of the gravest, a step more where a child is concerned."""
    told = [levels.get(danger, 0) for danger in dangers if danger != CHILD]
    return min(len(NATURES) - 1, max(told) + (CHILD in dangers)) if told else 0


def tier_of(axes: Axes, matrix: Matrix) -> tuple[Tier, str]:
    """The tier, and the axis that moved it away from the ladder's ("" = none did). Calm stays calm."""
    if axes.extent <= Tier.CALM:
        return Tier.CALM, ""
    added = {
        "nature": _added(axes.nature, (matrix.nature.serious, matrix.nature.grave)),
        "urgency": _added(axes.urgency, (matrix.urgency.fast, matrix.urgency.racing)),
    }
    level = min(Tier.RED, axes.extent + sum(added.values()))
    moved = max(added, key=lambda axis: added[axis]) if level > axes.extent else ""
    if axes.certainty <= MISSING and level > matrix.cap:
        return matrix.cap, "certainty"
    return Tier(level), moved


def _added(level: int, steps: tuple[int, int]) -> int:
    return max((0, *steps[: max(0, level)]))
