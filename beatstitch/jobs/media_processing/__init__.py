"""Taking in one photo or clip: what it is, whether it can be used, and small pictures of it.

Knows files and FFmpeg's facts about them; refuses to know where they go in a film.
"""
