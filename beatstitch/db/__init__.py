"""Rows: one file per table, with the table's queries beside it.

This room knows peewee, the embedded SQLite database and the schema. It refuses to know who asks
(HTTP, a worker, a command), what a job does, and where bytes lie: rows name files by storage key.
Whoever reads a row on behalf of a person goes through a function that checks the owner.
"""
