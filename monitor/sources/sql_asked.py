"""What a `sql` source asks its database: the operator's query as a table, our order, bounds and pages around it."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from monitor.sources.marks import Mark

STRETCH = re.compile(r":(start|end|start_epoch|end_epoch)\b")
"""What a query of buckets may name: the stretch it is asked for, as times and as Unix seconds."""
_COLON = re.compile(":")
_OTHER_COLON = re.compile(rf":(?!{STRETCH.pattern.removeprefix(':')})")


class Asked(Struct, frozen=True, kw_only=True):
    """One question: which part of the query's rows, in which order, how many at most."""

    most: int
    watermark: str = ""
    key: str = ""
    where: str = ""
    binds: dict[str, Any] = {}
    start: float | None = None
    end: float = 0.0

    def since(self, mark: Mark) -> Asked:
        """Rows from a watermark on."""
        return replace(self, where=f"{_name(self.watermark)} >= :cm_mark", binds={"cm_mark": mark})

    def behind(self, mark: Mark, key: Any) -> Asked:
        """Rows behind the last one of a page; without a key those of its watermark once more."""
        if not self.key:
            return self.since(mark)
        w, k = _name(self.watermark), _name(self.key)
        where = f"({w} > :cm_mark OR ({w} = :cm_mark AND {k} > :cm_key))"
        return replace(self, where=where, binds={"cm_mark": mark, "cm_key": key})

    def statement(self, query: str) -> str:
        """The SQL that asks it."""
        out = f"SELECT * FROM {_table(query, _OTHER_COLON if self.start is not None else _COLON)}"
        if self.watermark:
            given = [f"{_name(self.watermark)} IS NOT NULL", *([self.where] if self.where else [])]
            order = [_name(self.watermark), *([_name(self.key)] if self.key else [])]
            out += f" WHERE {' AND '.join(given)} ORDER BY {', '.join(order)}"
        return f"{out} LIMIT :cm_most"


def newest(query: str, watermark: str) -> str:
    """The SQL that asks for the greatest watermark."""
    column = _name(watermark)
    return f"SELECT {column} FROM {_table(query)} WHERE {column} IS NOT NULL ORDER BY {column} DESC LIMIT 1"


def _table(query: str, colons: re.Pattern[str] = _COLON) -> str:
    """The operator's query as a table; colons in it that are no parameters of ours are none."""
    inner = colons.sub(r"\\:", query.strip().rstrip(";").rstrip())
    return f"(\n{inner}\n) AS q"


def _name(column: str) -> str:
    """A column of the query, quoted; a colon in it is no parameter."""
    return 'q."' + column.replace('"', '""').replace(":", "\\:") + '"'
