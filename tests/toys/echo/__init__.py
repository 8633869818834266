"""Says a text back: as a file in the storage and as a row."""
