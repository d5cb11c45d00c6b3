"""Reading: the model that reads the user's own pictures."""
