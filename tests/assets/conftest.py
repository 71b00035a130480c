"""``inside/`` is not collected here: ``test_inside.py`` runs it in a drill sandbox."""

from __future__ import annotations

import os

collect_ignore = [] if "INSIDE_TARGETS" in os.environ else ["inside"]
