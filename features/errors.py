"""The one family of errors that people are meant to read."""


class InputError(Exception):
    """What is wrong, where (file, line, column, SIREN) and what to do, in one sentence."""
