"""Does one thing that a child must not do, or that must not hurt anybody else."""
