"""Everything that knows FFmpeg as a program: what a file is, what lies in it, how to run it.

`sniff` looks at a file's first bytes, `probe` measures its streams, `run` turns sources and options
into one confined FFmpeg, `fingerprint` names its version. The room knows codecs, containers and
command lines; it refuses to know what is being made: which frames, how large, for whom.
"""
