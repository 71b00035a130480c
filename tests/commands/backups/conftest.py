"""The small, sound set and its catalogue that the unit tests of backups have."""

from tests.unit.backups.conftest import catalogue, directory, seal

__all__ = ["catalogue", "directory", "seal"]
