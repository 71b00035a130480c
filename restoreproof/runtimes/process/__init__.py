"""The ``process`` runtime: the parts of a stack as ordinary processes, two sandboxes deep; no Docker.

Outside: ``driver`` chooses it, ``launch`` makes the drill sandbox, ``isolation`` proves it, ``doctor`` says
what the machine lacks. Inside: ``runtime`` starts services, each in a sandbox of its own that ``sandbox``
describes, as the ``process`` part of its component (``component``) says.
"""
