"""From an EDL to what FFmpeg has to do, and from what FFmpeg did to the sync report.

Pure. A film is a plan of whole frames, counted from absolute time; the plan is pieces in chunks;
a chunk is one FFmpeg command and one content key. Nothing here runs, reads or writes anything.
"""
