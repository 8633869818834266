"""Encoding the song of a film, once for all renders that use the same part of it."""
