"""The hour's tidying: what is old and spent, the write-ahead log, and files kept long enough."""
