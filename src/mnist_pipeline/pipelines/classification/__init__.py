"""Classification: the user's own pictures are read."""
