"""What files there are, held against what the rows say there should be.

`expected` knows which files a project may have; `verify` compares, `sweep` removes what nobody
names, `age` what has been kept long enough, `backup` and `restore` carry both away and back. This
room refuses to know how files are made and who asks for them.
"""
