"""Why a command could not do what was asked."""


class Unusable(Exception):
    """What was asked cannot be done as it was asked; the message says what to do."""
