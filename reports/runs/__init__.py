"""The report of a run: what came in, what was decided and why, what it took, and how the list changed."""
