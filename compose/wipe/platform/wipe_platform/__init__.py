"""WIPE, the reference stack's stand-in: a small erasure-certification platform.

Entries: ``python -m wipe_platform.{api,signer,worker,maintenance,seed,migrate,provision,agent}``.
"""
