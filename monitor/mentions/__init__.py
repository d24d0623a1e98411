"""What a text says: normalised, matched to topics, told apart from its copies. Pure."""
