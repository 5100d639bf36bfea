"""The process of the embedded broker: `python -m gateway.demo.iotcore_broker CONFIGURATION`.

The wheel's own start-up binds every address and reports every packet as an error; this one does neither.
"""

import logging
import sys

from iotcore import IotCoreBroker


def main(configuration: str) -> None:
    """Run until a signal ends the process.

    Args:
        configuration: path of a rumqttd TOML file.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)  # its spans arrive as one error record a packet
    IotCoreBroker(config_path=configuration).run_forever()


if __name__ == "__main__":
    main(sys.argv[1])
