"""Searching evidence for secrets before it is sealed."""
