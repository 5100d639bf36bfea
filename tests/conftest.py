"""Fixtures by concern, one file each; marks are set from the fixtures used."""

import os

# In this order: a plugin that another one imports comes first, or pytest cannot rewrite its asserts.
pytest_plugins = ["tests.fix_servers", "tests.fix_gateway", "tests.fix_demo", "tests.fix_proxy", "tests.fix_timescale"]

# A developer's own settings must not steer a test.
for _name in [name for name in os.environ if name.startswith("SIGAP_") and not name.startswith("SIGAP_TEST_")]:
    del os.environ[_name]
