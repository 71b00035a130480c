"""The faults of the reference stack. Each module is a family; adding one touches nothing else."""
