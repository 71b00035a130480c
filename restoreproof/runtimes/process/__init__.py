"""The ``process`` runtime: the parts of a stack as ordinary processes, two sandboxes deep; no Docker.

Outside: ``privileges`` (root becomes an ordinary user), ``launch`` (the drill sandbox), ``isolation`` (its
proof), ``keycloak_cache`` and ``doctor``. Inside: ``runtime`` starts ``components``, each in a sandbox of its
own that ``sandbox`` describes.
"""
