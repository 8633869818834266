"""From sound to a beat grid: what is heard, the best path through it, and how far to trust that.

Knows audio samples and the two detectors, madmom and librosa. It refuses to know files of songs
(`ffmpeg` decodes them), the database, and anything that is cut on the beats.
"""

from beatstitch.detect.analyse import analyse

__all__ = ["analyse"]
