"""Building the timeline of a project: beat grid, media in order and wishes become an EDL."""
