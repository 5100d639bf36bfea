"""`python -m fieldunit` is the command `sigap-unit`."""

import sys

from fieldunit.cli import main

sys.exit(main())
