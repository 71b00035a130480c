"""The fixtures of a project with features, and of an inner process over them."""

from tests.inner_run import feature, project, run_inner

__all__ = ["feature", "project", "run_inner"]
