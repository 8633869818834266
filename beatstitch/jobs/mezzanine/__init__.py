"""Coding parts of a clip anew whose keyframes are far apart, for the chunks that show them."""
