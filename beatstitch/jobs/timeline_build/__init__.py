"""Building the timeline of a project: its beat grid, its media in order and its wishes, to an EDL."""
