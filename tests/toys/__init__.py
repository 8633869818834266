"""Kinds of jobs for tests. `echo` is the smallest complete room there can be."""
