"""The journal of one drill: a file of one JSON event a line, in the order in which they happened."""
