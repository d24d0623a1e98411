"""From a series to a verdict to an alert. Pure."""
