"""The dashboards as code: parts they share, and one file for each."""
