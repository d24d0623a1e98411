"""`python -m monitor` is `crisis-monitor`."""

from monitor.cli.main import main

main(prog_name="crisis-monitor")
