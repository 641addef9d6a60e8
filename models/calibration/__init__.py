"""From a margin to a probability to an alert: shapes, how they are fitted and chosen, the base rate."""
