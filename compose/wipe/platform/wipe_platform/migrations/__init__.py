"""The schema's history, oldest first; one linear branch."""
