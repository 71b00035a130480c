"""Sealing evidence with a key, signing it off with another, and saying whether both hold."""
