"""A page to draw digits on, and the same answers over REST."""
