"""How good a model is on rows that it never saw: it looks ahead, on purpose."""
