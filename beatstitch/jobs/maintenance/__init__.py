"""The hour's tidying of the database: old jobs, expired tokens, the write-ahead log."""
