"""The language of topics: AND, OR, NOT, NEAR/n, parentheses, quoted phrases, `title:` and a closing `*`.

    query   = either
    either  = both {OR both}
    both    = part {[AND] part}            two terms side by side = AND
    part    = NOT part | near              a NOT b = a AND NOT b
    near    = atom {NEAR/n atom}           at most n characters between them, in either order
    atom    = [title:] term | [title:] ( either )
    term    = word | word* | "a phrase"

Operators are in capitals. Full-width parentheses and Chinese quotation marks do as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitor.mentions.normalize import normalize
from monitor.messages import say

DEEPEST = 50
"""Parentheses within parentheses; beyond that a query is a mistake or an attack."""


class QueryFault(Exception):
    """What is wrong in a query; `position` counts code points from 0, `text(language)` says what would be right."""

    def __init__(self, kind: str, query: str, position: int, **args: str) -> None:
        self.kind, self.query, self.position, self.args_of_text = kind, query, position, args
        super().__init__(self.text("en"))

    def text(self, language: str) -> str:
        """One line: which character, what stands there, what is wrong, what would be right."""
        what = say(language, f"mentions.query.{self.kind}", **self.args_of_text)
        return say(language, "mentions.at", column=self.position + 1, where=self._pointer(), what=what)

    def _pointer(self) -> str:
        before, after = self.query[: self.position], self.query[self.position :]
        left = before if len(before) <= 12 else "…" + before[-11:]
        right = after if len(after) <= 16 else after[:15] + "…"
        return " ".join(f"{left}▸{right}".split())


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase in normal form; `prefix`: more letters may follow; `title`: only there."""

    text: str
    prefix: bool = False
    title: bool = False

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return f"{'title:' if self.title else ''}{self.text!r}{'*' if self.prefix else ''}"


@dataclass(frozen=True, slots=True)
class Both:
    """All parts hold."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return f"({' AND '.join(map(str, self.parts))})"


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part holds."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return f"({' OR '.join(map(str, self.parts))})"


@dataclass(frozen=True, slots=True)
class Negated:
    """The part does not hold."""

    part: Node

    def __str__(self) -> str:
        return f"NOT {self.part}"


@dataclass(frozen=True, slots=True)
class Near:
    """Both stand, with at most `distance` characters between them."""

    left: Node
    right: Node
    distance: int

    def __str__(self) -> str:
        return f"({self.left} NEAR/{self.distance} {self.right})"


Node = Term | Both | Either | Negated | Near


def parse(query: str) -> Node:
    """The query as a tree; QueryFault where it is wrong, or where it would hold for a text with none of its terms."""
    node = _Parser(query).whole()
    if holds(node, frozenset()):
        raise QueryFault("only_not", query, 0)
    return node


def terms(node: Node) -> list[Term]:
    """All terms of a tree, as written."""
    match node:
        case Term():
            return [node]
        case Both(parts) | Either(parts):
            return [term for part in parts for term in terms(part)]
        case Negated(part):
            return terms(part)
        case Near(left, right):
            return terms(left) + terms(right)


def holds(node: Node, present: frozenset[Term]) -> bool:
    """Whether the tree holds when just these terms stand, however far apart."""
    match node:
        case Term():
            return node in present
        case Both(parts):
            return all(holds(part, present) for part in parts)
        case Either(parts):
            return any(holds(part, present) for part in parts)
        case Negated(part):
            return not holds(part, present)
        case Near(left, right):
            return holds(left, present) and holds(right, present)


_TOKEN = re.compile(
    r"(?P<open>[(（])|(?P<close>[)）])|(?P<phrase>\"[^\"]*\"|“[^”]*”|「[^」]*」)(?P<star>\*?)|(?P<quote>[\"“”「」])"
    r"|(?P<field>title:)(?=\S)|(?P<word>[^\s()（）\"“”「」]+)"
)
_NEAR = re.compile(r"NEAR/(\d{1,4})")
_FIELD = re.compile(r"[A-Za-z]+:(?!//)")
_SEPARATOR = re.compile(r"(?<!\d)[,，、;；]|[,，、;；](?!\d)")
_SIGNS = {"|": "OR", "||": "OR", "&": "AND", "&&": "AND", "+": "AND", "-": "NOT", "!": "NOT", "！": "NOT"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


class _Parser:
    def __init__(self, query: str) -> None:
        self.query = query
        self.tokens = [self._token(m) for m in _TOKEN.finditer(query)]
        self.next = 0
        self.depth = 0
        self.title = False

    def whole(self) -> Node:
        if not self.tokens:
            raise QueryFault("empty", self.query, 0)
        node = self._either()
        if token := self._peek():
            raise QueryFault("close" if token.kind == "close" else "operand", self.query, token.at, word=token.text)
        return node

    def _token(self, found: re.Match[str]) -> _Token:
        kind, text, at = found.lastgroup or "", found[0], found.start()
        if found["phrase"]:
            return _Token("prefix" if found["star"] else "term", self._term(found["phrase"][1:-1], at), at)
        if kind == "quote":
            raise QueryFault("quote", self.query, at)
        return self._word(text, at) if kind == "word" else _Token(kind, text, at)

    def _word(self, text: str, at: int) -> _Token:
        if text in ("AND", "OR", "NOT") or _NEAR.fullmatch(text):
            return _Token(text.partition("/")[0], text, at)
        self._refuse_slips(text, at)
        if len(text) > 1 and text.endswith("*"):
            return _Token("prefix", self._term(text[:-1], at), at)
        return _Token("term", self._term(text, at), at)

    def _refuse_slips(self, text: str, at: int) -> None:
        """What people write by habit from elsewhere, and what they would write here."""
        if text.lower() in ("and", "or", "not"):
            raise QueryFault("capitals", self.query, at, word=text, right=text.upper())
        if text.upper().startswith("NEAR/") or text == "NEAR":
            raise QueryFault("near", self.query, at, word=text)
        if sign := _SIGNS.get(text) or ("NOT" if text[0] in "-!！" else None):
            raise QueryFault("sign", self.query, at, sign=text if text in _SIGNS else text[0], right=sign)
        if text == "title:":
            raise QueryFault("field_alone", self.query, at)
        if _FIELD.match(text):
            raise QueryFault("field", self.query, at, word=text)
        if found := _SEPARATOR.search(text):
            raise QueryFault("comma", self.query, at + found.start(), sign=found[0])
        if "*" in text[:-1] or text == "*":
            raise QueryFault("star", self.query, at + text.index("*"))

    def _term(self, text: str, at: int) -> str:
        normal = normalize(text)
        if not normal:
            raise QueryFault("blank", self.query, at)
        return normal

    def _peek(self) -> _Token | None:
        return self.tokens[self.next] if self.next < len(self.tokens) else None

    def _take(self, *kinds: str) -> _Token | None:
        token = self._peek()
        if token is None or token.kind not in kinds:
            return None
        self.next += 1
        return token

    def _either(self) -> Node:
        parts = [self._both()]
        while self._take("OR"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Node:
        parts = [self._part()]
        while (token := self._peek()) and token.kind not in ("OR", "close"):
            self._take("AND")
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _part(self) -> Node:
        negated = False
        while self._take("NOT"):
            negated = not negated
        node = self._near()
        return Negated(node) if negated else node

    def _near(self) -> Node:
        at = self._at()
        node = self._atom()
        while token := self._take("NEAR"):
            right_at = self._at()
            right = self._atom()
            for side, where in ((node, at), (right, right_at)):
                if not _placed(side):
                    raise QueryFault("near_of", self.query, where)
            node = Near(node, right, int(token.text[5:]))
        return node

    def _atom(self) -> Node:
        outer = self.title
        self.title = bool(self._take("field")) or outer
        try:
            return self._group() or self._leaf()
        finally:
            self.title = outer

    def _group(self) -> Node | None:
        opened = self._take("open")
        if not opened:
            return None
        self.depth += 1
        if self.depth > DEEPEST:
            raise QueryFault("deep", self.query, opened.at)
        node = self._either()
        if not self._take("close"):
            raise QueryFault("open", self.query, opened.at)
        self.depth -= 1
        return node

    def _leaf(self) -> Node:
        token = self._take("term", "prefix")
        if token:
            return Term(token.text, token.kind == "prefix", self.title)
        found = self._peek()
        before = self.tokens[self.next - 1].text if self.next else ""
        if found is None or found.kind == "close":
            raise QueryFault("missing", self.query, self._at(), before=before)
        raise QueryFault("operand", self.query, found.at, word=found.text)

    def _at(self) -> int:
        token = self._peek()
        return token.at if token else len(self.query)


def _placed(node: Node) -> bool:
    """Whether a tree has places in the text: terms, either of them, or terms near each other."""
    match node:
        case Term():
            return True
        case Either(parts):
            return all(_placed(part) for part in parts)
        case Near():
            return True
        case _:
            return False
