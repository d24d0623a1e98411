"""rules.toml -> Config, or the full list of faults for a person."""
