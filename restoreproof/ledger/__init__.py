"""The ledger: every drill that was started, refused, finished or died, in a signed chain.

An entry is one line of canonical JSON; ``prev`` is the SHA-256 of the line before, 64 zeros for the first,
and ``signature`` is a DSSE signature over the rest of the line. A signed entry vouches for all that come
before it, so lines of an earlier form, which nobody signed, stay as they are.
"""

from restoreproof.ledger.entry import LedgerEntry
from restoreproof.ledger.ledger import Begun, Ledger
from restoreproof.ledger.storage import FileStorage, LedgerStorage, SequenceConflict
from restoreproof.verifier.formats import GENESIS

__all__ = ["GENESIS", "Begun", "FileStorage", "Ledger", "LedgerEntry", "LedgerStorage", "SequenceConflict"]
