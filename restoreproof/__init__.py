"""restoreproof: restore drills whose verdict a stranger can trust.

PYTEST_DONT_REWRITE: whoever imports this before pytest starts must not be warned that it is no test.
"""

__version__ = "0.1.0"
