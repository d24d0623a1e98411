"""The one route table: pages, API, ingest, health, acknowledging."""

from __future__ import annotations

from monitor.web.site import Acts, Reads, Site

__all__ = ["Acts", "Reads", "Site"]
