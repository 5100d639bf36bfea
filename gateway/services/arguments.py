"""What several console commands read alike off the command line."""

import argparse

from tracker.errors import BadInput
from tracker.wire.topics import checked_id


def identifier(text: str) -> str:
    """The id of a unit, a bridge or a radio.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        return checked_id(text)
    except BadInput as error:
        raise argparse.ArgumentTypeError(error.detail) from None
