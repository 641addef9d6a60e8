"""Whether a run's inputs and alerts are what training lets expect, and what became of past lists."""
