"""The generic step phrases, the installable vocabulary of every stack.

Each phrase is one call: a *When* takes a survey of the restored stack, a *Then* states one thing about it.
The type of a *Then*'s survey says after which *When* it may stand, and the linter holds features to it.
"""

pytest_plugins = (
    "restoreproof.gherkin.steps.data",
    "restoreproof.gherkin.steps.access",
    "restoreproof.gherkin.steps.service",
)
