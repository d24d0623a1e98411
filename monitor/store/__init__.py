"""What is remembered: one file per noun, on SQLite or PostgreSQL."""
