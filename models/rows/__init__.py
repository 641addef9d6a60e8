"""The feature table as a model reads it: columns, a matrix, labels, which rows to learn from and to test on."""
