"""The feature table as a model reads it: columns, matrix, labels, and which rows to train and to test on."""
