"""The parts that a stack is made of: one folder for each, with all that the runtimes need of it."""
