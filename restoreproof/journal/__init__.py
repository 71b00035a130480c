"""What happened in one drill, in the order in which it happened: a file of one JSON event a line."""
