"""What can be fitted: the boosted trees, their challengers, and an estimator fitted, calibrated and cut into alerts."""
