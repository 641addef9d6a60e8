"""For people: reasons in words, target lists, exports, dictionary, model card. Code only."""
