"""The fixtures of a small backup set."""

from tests.sealed_sets import catalogue, directory, seal

__all__ = ["catalogue", "directory", "seal"]
