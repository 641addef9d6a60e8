"""What can be fitted: the boosted trees, their challengers, and a fitted model with its calibration."""
