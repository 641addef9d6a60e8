"""The documentation: pages in Markdown, and `generate`, which writes those that are made from the code."""
