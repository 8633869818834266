"""Where the beats are: the grid, its tempo, what a person changes of it, and grids that follow from
a tempo alone.

Pure. It doesn't know how beats are heard (`detect`) nor what is cut on them (`timeline`).
"""
