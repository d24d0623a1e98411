"""rules.toml -> Config, or the full list of faults for a person."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from monitor.config.documents import Merged, content_hash, read_documents
from monitor.config.draft import Draft
from monitor.config.fault import ConfigFault, Fault
from monitor.config.schema import Config

__all__ = ["ConfigFault", "Fault", "Loaded", "load", "read"]


class Loaded(Struct, frozen=True, kw_only=True):
    """A config that may be used, the files it came from, the SHA-256 of their content, and what to look at."""

    config: Config
    files: tuple[Path, ...]
    hash: str
    warnings: tuple[Fault, ...] = ()


def load(path: Path, *, secrets: bool = False) -> Loaded:
    """The config of a file and what it includes. ConfigFault holds all faults; OSError when there is no such file.

    `secrets`: a secret that does not resolve is a fault, as it must be for a process that will need it.
    """
    loaded, faults = _attempt(path, secrets)
    if loaded is None:
        raise ConfigFault([fault for fault in faults if fault.severity == "fault"])
    return loaded


def read(path: Path, *, secrets: bool = False) -> tuple[Config | None, list[Fault]]:
    """The config, or None, and everything to say about it: faults first of all, else warnings and notes."""
    loaded, faults = _attempt(path, secrets)
    return (loaded.config if loaded else None), faults


def _attempt(path: Path, secrets: bool) -> tuple[Loaded | None, list[Fault]]:
    documents, faults = read_documents(path)
    merged = Merged(documents)
    draft = Draft(merged)
    faults += merged.faults()
    faults += [draft.fault(finding) for finding in draft.findings]
    order = {document.name: i for i, document in enumerate(documents)}
    faults.sort(key=lambda fault: (order[fault.file], fault.line))
    if any(fault.severity == "fault" for fault in faults):
        return None, faults
    files = tuple(Path(document.name) for document in documents)
    return Loaded(config=draft.config(), files=files, hash=content_hash(documents), warnings=tuple(faults)), faults
