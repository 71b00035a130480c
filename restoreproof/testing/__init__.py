"""For authors of kinds, components and runtimes: a stack that is all memory, and conformance suites."""
