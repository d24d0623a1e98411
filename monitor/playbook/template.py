"""Templates whose output is parts, not text: other people's words pass through a template without becoming its text.

The sandbox renders natively: each `{{ … }}` yields its value as it is. A value of somebody else's making is `Sealed`:
it can be placed, counted and tested, but never turned into text, joined to text or filtered, so it can neither become
template source nor pass for words of ours. Templates are looked up among the texts given, never on disk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, TypeVar

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound, TemplateSyntaxError, Undefined
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.sandbox import ImmutableSandboxedEnvironment

from monitor.model import Link, Part, Quoted, Text
from monitor.playbook.fault import TemplateFault

_BREAKS = re.compile(r"[ \t]*\n\s*")


Shaped = TypeVar("Shaped")


class Sealed:
    """A part that templates can place but not read."""

    __slots__ = ("_part",)

    def __init__(self, part: Quoted | Link) -> None:
        self._part = part

    def __str__(self) -> str:
        raise TypeError("a quoted value stands by itself in {{ … }}: no filter, no ~, no formatting")

    def __repr__(self) -> str:
        return "<sealed>"


class Mixed(list[Any]):
    """What a macro or a `{% set %}` block gives back when sealed values are in it: the pieces, still apart."""

    def __str__(self) -> str:
        return "".join(str(piece) for piece in self)


def _gather(pieces: Iterable[Any]) -> Any:
    found = list(pieces)
    return "".join(found) if all(isinstance(piece, str) for piece in found) else Mixed(found)


def _defined(value: Any) -> Any:
    """Raises for what is not defined while the template still runs, so that its line is known."""
    if isinstance(value, Undefined):
        str(value)
    return value


class Sandbox(ImmutableSandboxedEnvironment):
    """Native rendering inside the sandbox; what is not defined is a fault."""

    code_generator_class = NativeCodeGenerator
    concat = staticmethod(_gather)


class Texts(BaseLoader):
    """Looks templates up among given texts; each bears its own name in errors."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:
        """The text of a template."""
        if template not in self._texts:
            raise TemplateNotFound(template)
        return self._texts[template], template, None


class Templates:
    """All templates of the playbooks, compiled when first used."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._sandbox = Sandbox(
            loader=Texts(texts),
            undefined=StrictUndefined,
            finalize=_defined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )

    def lines(self, name: str, values: Mapping[str, Any]) -> dict[str, tuple[Part, ...]]:
        """Block name -> its rendered parts on one line, for each block of a template and of those it extends.

        Raises TemplateFault.
        """
        return self._blocks(name, values, to_parts)

    def texts(self, name: str, values: Mapping[str, Any]) -> dict[str, str]:
        """Block name -> its text with its line breaks. Raises TemplateFault; so does a sealed value."""
        return self._blocks(name, values, lambda pieces: "".join(map(str, pieces)).strip())

    def _blocks(
        self, name: str, values: Mapping[str, Any], shape: Callable[[Iterable[Any]], Shaped]
    ) -> dict[str, Shaped]:
        try:
            template = self._sandbox.get_template(name)
            context = template.new_context(dict(values))
            layout = template.root_render_func(context)
            next(iter(layout), None)  # up to its first piece: by then the context knows every inherited block
            return {id: shape(chain[0](context)) for id, chain in context.blocks.items()}
        except TemplateSyntaxError as error:
            raise TemplateFault(error.name or name, error.message or "syntax", error.lineno) from error
        except Exception as error:  # a template may fail in any way; what it may not do is stop a notice
            file, line = self._place(name, error)
            raise TemplateFault(file, f"{type(error).__name__}: {error}", line) from error

    def _place(self, name: str, error: Exception) -> tuple[str, int]:
        """Which line of which template raised; call it while the error is being handled."""
        try:
            self._sandbox.handle_exception()
        except Exception as told:
            frames = [(t.tb_frame.f_code.co_filename, t.tb_lineno) for t in _frames(told.__traceback__)]
            return next((f for f in reversed(frames) if f[0] in self._texts), (name, 1))


def _frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def to_parts(pieces: Iterable[Any]) -> tuple[Part, ...]:
    """Rendered pieces as parts of one line: neighbouring texts joined, line breaks of the template taken out."""
    out: list[Part] = []
    for piece in _flat(pieces):
        if isinstance(piece, str) and out and isinstance(out[-1], Text):
            out[-1] = Text(out[-1].text + piece)
        else:
            out.append(Text(piece) if isinstance(piece, str) else piece)
    return _trimmed([Text(one_line(p.text)) if isinstance(p, Text) else p for p in out])


def _flat(pieces: Iterable[Any]) -> Iterator[str | Part]:
    for piece in pieces:
        if isinstance(piece, Sealed):
            yield piece._part
        elif isinstance(piece, Mixed):
            yield from _flat(piece)
        elif isinstance(piece, str | int | float):
            yield str(piece)
        else:
            raise TypeError(f"a {type(piece).__name__} can't stand in a notice; write one of its values")


def _trimmed(parts: list[Part]) -> tuple[Part, ...]:
    if parts and isinstance(parts[0], Text):
        parts[0] = Text(parts[0].text.lstrip())
    if parts and isinstance(parts[-1], Text):
        parts[-1] = Text(parts[-1].text.rstrip())
    return tuple(p for p in parts if not (isinstance(p, Text) and not p.text))


def one_line(text: str) -> str:
    """Line breaks of a template go; between Latin words a space stands for one."""
    return _BREAKS.sub(lambda m: " " if _between_latin(text, m.start(), m.end()) else "", text)


def _between_latin(text: str, start: int, end: int) -> bool:
    return start > 0 and end < len(text) and text[start - 1].isascii() and text[end].isascii()
