"""From a margin to a probability to an alert: kinds of calibration, how one is fitted and chosen, the failure rate."""
