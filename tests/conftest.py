"""Fixtures by concern, one file each; marks are set from the fixtures used."""

import os
import signal

# In this order: a plugin that another one imports comes first, or pytest cannot rewrite its asserts.
pytest_plugins = [
    "tests.fix_servers",
    "tests.fix_gateway",
    "tests.fix_centre",
    "tests.fix_crew",
    "tests.fix_town",
    "tests.fix_demo",
    "tests.fix_board",
    "tests.fix_proxy",
    "tests.fix_cab",
    "tests.fix_timescale",
]

# Run in the background or under nohup, we and what we start ignore these; tests send them and mean them.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A developer's own settings must not steer a test.
for _name in [name for name in os.environ if name.startswith("SIGAP_") and not name.startswith("SIGAP_TEST_")]:
    del os.environ[_name]
