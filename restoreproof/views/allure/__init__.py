"""``allure-results/`` and ``allure-report.html``."""

from restoreproof.views.allure.view import write

__all__ = ["write"]
