"""``python -m gateway`` is the console program ``sigap``.

What it takes to run is imported within `main`: that lasts a second, and whoever presses Ctrl-C in that second is not
shown where in the imports it was.
"""

import sys

INTERRUPTED = 130
"""What a shell says of a program that Ctrl-C ended: 128 and the signal's number."""


def main() -> int:
    """Run one command; its exit code, or `INTERRUPTED`."""
    try:
        from gateway import cli

        return cli.main()
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
