"""The models that were kept, which one is in use, and why."""
