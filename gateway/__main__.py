"""``python -m gateway`` is the console program ``sigap``."""

import sys

from gateway.cli import main

sys.exit(main())
