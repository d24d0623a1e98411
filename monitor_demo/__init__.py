"""The demo: a made-up power-bank crisis, written by code outside `monitor`, lived by the real service."""
