"""The one kind of error that is written for users."""


class InputError(Exception):
    """One message for the user: what is wrong, where (file, line, column, SIREN), and what to do.

    message: the sentence, or one with {names} for its `values`, which a page can say in its reader's language.
    """

    def __init__(self, message: str, **values: str) -> None:  # noqa: D107
        super().__init__(message.format(**values) if values else message)
        self.message, self.values = message, values
