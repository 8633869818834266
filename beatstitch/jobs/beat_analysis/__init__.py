"""Hearing a song: decoding it once, and its beat grid.

The PCM that the beats are heard in is kept, for the film's sound is cut from the same samples.
"""
