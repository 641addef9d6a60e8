"""Follow-ups of firms: what is done about each, by whom, what comes next, and what became of it."""
