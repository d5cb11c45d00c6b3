"""Reading the user's own images: from any picture to an answer that knows its limits."""
