"""What is shown when: the EDL, how it is built on a beat grid, and what makes it sound.

Pure. It knows media by id, kind and length, never by path, and nothing of FFmpeg.
"""
