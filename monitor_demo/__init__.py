"""The demo: a made-up crisis, lived by the real daemon."""
