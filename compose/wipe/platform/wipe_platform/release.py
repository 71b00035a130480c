"""Which release this tree is, and the schema it expects.

``compose/wipe/releases/*.patch`` turns this tree into earlier releases.
"""

from typing import Final

VERSION: Final = "1.5.0"
MIGRATION_HEAD: Final = "0008"
RELEASED: Final = "2026-11-02"
