"""The REST API: HTTP in, HTTP out, and thin in between.

A route finds out who asks and whose project it is (`guard`), reads a checked body (`openapi`,
`shapes/`), calls the rooms below and shows their rows. Errors come up as the vocabulary and become
HTTP in one place (`problems`). This room refuses to look into media: it sniffs the first bytes of
an upload and leaves everything else to a worker, so nothing here imports numpy or starts a child
process on a user's file.
"""
