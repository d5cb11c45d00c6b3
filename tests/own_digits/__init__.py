"""Pictures of handwritten digits such as users bring, and of what is no digit, all drawn here."""
