"""What the runtimes share on the machine that drills: its disk, files, processes and privileges."""
