"""Exact contributions of each figure to each score, and how stable they are."""
