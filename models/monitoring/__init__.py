"""Whether inputs and alerts are like those of training and of the last list, and what became of past lists."""
