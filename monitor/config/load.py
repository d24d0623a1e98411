"""rules.toml -> Config, or the full list of faults for a person."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from monitor.config.check import cross_check
from monitor.config.documents import Merged, content_hash, read_documents
from monitor.config.draft import Draft
from monitor.config.fault import ConfigFault, Fault
from monitor.config.schema import Config

__all__ = ["ConfigFault", "Fault", "Loaded", "load", "read", "rooted"]

T = TypeVar("T", bound=Struct)


class Loaded(Struct, frozen=True, kw_only=True):
    """A config that may be used, the files it came from, the SHA-256 of their content, and what to look at.

    `presets`: source -> the preset it was made of.
    """

    config: Config
    files: tuple[Path, ...]
    hash: str
    presets: dict[str, str] = field(default_factory=dict)
    warnings: tuple[Fault, ...] = ()


def load(path: Path, *, secrets: bool = False, state: Path | None = None, now: float | None = None) -> Loaded:
    """The config of a file and what it includes. ConfigFault holds all faults; OSError when there is no such file.

    `secrets`: a secret that does not resolve is a fault, as it must be for a process that will need it.
    `state`: the folder in which relative paths of sources and channels lie; without it they stay as written.
    `now`: also checks what depends on the hour (who is on duty); without it that is left out.
    """
    loaded, faults = _attempt(path, secrets, now)
    if loaded is None:
        raise ConfigFault([fault for fault in faults if fault.severity == "fault"])
    return loaded if state is None else replace(loaded, config=rooted(loaded.config, state))


def rooted(config: Config, folder: Path) -> Config:
    """The config with the relative paths of its sources and channels laid into a folder."""
    sources = tuple(_rooted(source, folder) for source in config.source)
    return replace(config, source=sources, channel=tuple(_rooted(channel, folder) for channel in config.channel))


def _rooted(table: T, folder: Path) -> T:
    path = getattr(table, "path", "")
    return replace(table, path=str(folder / path)) if isinstance(path, str) and path else table


def read(path: Path, *, secrets: bool = False, now: float | None = None) -> tuple[Config | None, list[Fault]]:
    """The config and its warnings and notes, or None and all its faults. OSError when there is no such file."""
    loaded, faults = _attempt(path, secrets, now)
    return (loaded.config if loaded else None), faults


def _attempt(path: Path, secrets: bool, now: float | None) -> tuple[Loaded | None, list[Fault]]:
    documents, faults = read_documents(path)
    merged = Merged(documents)
    draft = Draft(merged, complete=not faults, now=now)
    cross_check(draft)
    faults += merged.faults()
    faults += [_hardened(draft.fault(problem), secrets) for problem in draft.problems]
    order = {document.name: i for i, document in enumerate(documents)}
    faults.sort(key=lambda fault: (order[fault.file], fault.line))
    grave = [fault for fault in faults if fault.severity == "fault"]
    if grave:
        return None, grave  # what else there is to say may only follow from these
    files = tuple(Path(document.name) for document in documents)
    made = Loaded(
        config=draft.config(),
        files=files,
        hash=content_hash(documents),
        presets=draft.presets(),
        warnings=tuple(faults),
    )
    return made, faults


def _hardened(fault: Fault, secrets: bool) -> Fault:
    return replace(fault, severity="fault") if secrets and fault.id == "unresolved" else fault
