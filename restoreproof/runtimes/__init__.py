"""Where a stack runs. ``registry`` finds a runtime by its name."""

DEFAULT = "process"
"""The runtime of a drill that names none. It stands here so that a command line can be read without any."""
