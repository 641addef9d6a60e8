"""Speed, memory, choices by measurement, and the model on real firms."""
