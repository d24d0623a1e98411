"""From alerts to what people do. Pure."""
