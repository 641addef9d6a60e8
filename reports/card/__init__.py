"""The parts that the model card and the public pages are made of."""
