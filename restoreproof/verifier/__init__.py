"""Checking sealed evidence with Python's standard library alone.

These modules import nothing but each other, since ``assemble`` makes one file of them for people who install
nothing: what `restoreproof verify` checks and what that file checks is the same code. Only signatures differ
(here securesystemslib, there the openssl program), and the recomputed record, which needs the package.
"""
