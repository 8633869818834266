"""Making a medium's small stand-in for previews, its filmstrip, and telling how it looks."""
