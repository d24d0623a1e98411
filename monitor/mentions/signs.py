"""What a mention says, as a set of texts: its topics by name, its mood and dangers behind these marks.

Names of topics hold no colon, so the three cannot be mixed up.
"""

MOOD, DANGER = "mood:", "danger:"
CHILD = f"{DANGER}child"
"""A danger is told, and a child is near: asked for like a danger, and makes one graver."""
LABEL = "label:"
"""Before name and value of a label whose query holds; taken out again once the label is set."""
