"""A gateway with the client's automatic acknowledgement: the broker forgets a message when it has arrived here."""

import sys
from typing import Any

from gateway import cli
from gateway.mqtt import session

_make = session._Client.__init__


def _automatic(self: session._Client, *arguments: Any, **options: Any) -> None:
    _make(self, *arguments, **options)
    self._client.manual_ack_set(False)


if __name__ == "__main__":
    session._Client.__init__ = _automatic  # type: ignore[method-assign] # a mutant changes what it is made of
    sys.exit(cli.main())
