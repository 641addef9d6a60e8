"""How good a model is on rows that it never saw. It uses what happened later: for evaluation only."""
