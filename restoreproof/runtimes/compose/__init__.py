"""The ``compose`` runtime: the stack in containers, by the compose file that stands beside the contract.

Outside: ``driver`` chooses it, ``outer`` is one drill's outer half, ``reaper`` removes what dead drills left.
Both sides: ``project`` speaks to compose, ``daemon`` to Docker, ``isolation`` tries the ways out. Inside:
``runtime`` starts services, each configured as the ``container`` part of its component (``component``) says.
"""
