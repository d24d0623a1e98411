"""One file per page, and the API: ingest, health, acknowledging."""
