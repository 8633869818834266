"""A parent whose parts are echoes."""
