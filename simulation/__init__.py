"""A simulated economy: who the firms are, how they fare, and the files that partners would write of them."""
