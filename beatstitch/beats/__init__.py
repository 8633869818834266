"""Where the beats are: the grid, its tempo, and grids that follow from a tempo alone.

Pure. It doesn't know how beats are heard (`detect`) nor what is cut on them (`timeline`).
"""
