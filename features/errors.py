"""The one kind of error that is written for users."""


class InputError(Exception):
    """One message for the user: what is wrong, where (file, line, column, SIREN), and what to do."""
