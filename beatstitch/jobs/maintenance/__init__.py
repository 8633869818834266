"""The hour's tidying: old jobs, expired tokens, the write-ahead log, and files kept long enough."""
