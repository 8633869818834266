"""Making a film of its chunks: the join, and the sync report that measures it."""
