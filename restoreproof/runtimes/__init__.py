"""Where a stack runs. Each runtime is a package of this one; ``kinds`` finds it by its name."""

DEFAULT = "process"
"""The runtime of a drill that names none. It stands here so that a command line can be read without any."""
