"""A simulated economy: the firms, what happens to them, and the files that partners would write about them."""
