"""Written scenarios: what comes in when, who does what, and what must be told to whom; played through the pure core."""
