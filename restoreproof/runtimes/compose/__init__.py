"""The ``compose`` runtime: the stack in containers, by the compose file that stands beside the contract.

Outside: ``kind`` chooses it, ``hosting`` holds one drill's outer half, ``reaper`` removes what dead drills
left. Both sides: ``project`` speaks to compose, ``daemon`` to Docker, ``probing`` tries the ways out. Inside:
``runtime`` starts services, ``parts`` know how each component takes its configuration.
"""
