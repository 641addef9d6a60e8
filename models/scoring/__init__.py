"""A model on the firms of one period: risks, why they moved, and what would change them."""
