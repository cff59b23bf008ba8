"""What can go wrong in a way the user can mend.

Every error below carries one plain sentence that shows what arrived and says what to do; the command line prints it
as it is. Anything else that escapes is a bug of ours.
"""


class LivePortraitError(Exception):
    """Base of all errors whose message is meant for the user."""


class InputError(LivePortraitError, ValueError):
    """An option, file or array that cannot be used."""


class MissingFileError(LivePortraitError, FileNotFoundError):
    """A file that should be there is not."""


class StoreError(LivePortraitError, OSError):
    """A remote file that cannot be reached or written: it may be possible in a moment."""


class WriteError(InputError):
    """A file that cannot be written, such as on a full disk: it may be possible in a moment."""


class NoFaceError(InputError):
    """No face where one is needed."""


class TemplateError(InputError):
    """A motion template that cannot be read, or that belongs to another model."""


class WeightsError(LivePortraitError):
    """Weights that are missing, damaged, do not fit the networks or could not be fetched."""


class Cancelled(LivePortraitError):
    """The run was stopped on request: raised by a `Progress` that wants no more of it."""
