"""``python -m restoreproof.cli``."""

from restoreproof.cli import main

main()
