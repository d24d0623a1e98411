"""A text for people that reads in English as a plain string and can be said again in another language."""

from __future__ import annotations

from typing import Any

from monitor.messages import say


class Told(str):
    """English text of `sources.<id>`, filled with `args`; `tell` says it in the reader's language."""

    __slots__ = ("args", "id")

    id: str
    args: dict[str, Any]

    def __new__(cls, id: str, /, **args: Any) -> Told:
        self = super().__new__(cls, say("en", f"sources.{id}", **args))
        self.id, self.args = f"sources.{id}", args
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.id, self.args)


def _again(id: str, args: dict[str, Any]) -> Told:
    return Told(id.removeprefix("sources."), **args)


def packed(value: Any) -> Any:
    """A text as plain values, for another process; what is none stays as it is."""
    if not isinstance(value, Told):
        return value
    return [value.id.removeprefix("sources."), {name: packed(inner) for name, inner in value.args.items()}]


def unpacked(value: Any) -> Any:
    """What was packed."""
    return Told(value[0], **{name: unpacked(v) for name, v in value[1].items()}) if isinstance(value, list) else value


def tell(text: str, language: str) -> str:
    """A text in a language, where it can be said in it; otherwise as it is."""
    if not isinstance(text, Told):
        return text
    return say(language, text.id, **{k: tell(v, language) if isinstance(v, str) else v for k, v in text.args.items()})


def why(error: BaseException) -> str:
    """What an error says, still to be said in any language where it can be."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, str) and said else str(error) or type(error).__name__


def short(value: object, most: int = 60) -> str:
    """A foreign value as a fault may quote it: one line, cut."""
    text = " ".join((value if isinstance(value, str) else repr(value)).split())
    return text if len(text) <= most else text[: most - 1] + "…"
