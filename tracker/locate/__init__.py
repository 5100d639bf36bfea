"""Where something is, from what people say and paste: coordinates, links, codes and names. Offline, all of it."""

from tracker.locate.pasted import Pasted, read
from tracker.locate.point import INDONESIA, Box, Located

__all__ = ["INDONESIA", "Box", "Located", "Pasted", "read"]
