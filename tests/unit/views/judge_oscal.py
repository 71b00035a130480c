"""Run in .venv-oscal: compliance-trestle reads each file named, and says what it found in it.

Exits 0 only if every file is a valid assessment-results document by its models and all its validators.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from trestle.core import validator_factory
from trestle.oscal.assessment_results import AssessmentResults

found = []
for name in sys.argv[1:]:
    document = AssessmentResults.oscal_read(Path(name))
    assert document is not None, name
    judge = validator_factory.all_validator.AllValidator()
    assert judge.model_is_valid(document, quiet=True), f"{name}: {judge.error_msg()}"
    result = document.results[0]
    found.append({"observations": len(result.observations or []), "findings": len(result.findings or [])})
print(json.dumps(found))
