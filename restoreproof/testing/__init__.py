"""For authors of asset kinds, components and runtimes: a stack that is all memory, and conformance suites."""
