"""One module per theme, named as agents know it.

A feature belongs to the theme of its module. A theme's `known_values(grid, ...)` gives one row per row of the grid,
with the values known at that period; its parameters are the tables that the theme needs. Features are formulas of
these values.
"""
