"""crisis-monitor: reads complaint volumes and public mentions, decides what is abnormal, tells the right people."""

__version__ = "0.1.0"
