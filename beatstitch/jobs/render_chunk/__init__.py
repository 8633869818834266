"""Rendering one chunk of a film: one confined FFmpeg, proved before it is kept."""
