"""The pipeline a user would write in an afternoon: a paho callback, pynmea2, one INSERT a fix, autocommit."""

import argparse
from typing import Any

import paho.mqtt.client as mqtt
import psycopg
import pynmea2
from paho.mqtt.enums import CallbackAPIVersion

TABLE = """
CREATE TABLE IF NOT EXISTS positions (
    unit text NOT NULL,
    time timestamptz NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    altitude real,
    speed real,
    course real,
    satellites smallint,
    hdop real,
    PRIMARY KEY (unit, time)
)
"""

INSERT = """
INSERT INTO positions (unit, time, latitude, longitude, altitude, speed, course, satellites, hdop)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


def main() -> None:
    """Store until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--centre", required=True)
    parser.add_argument("--database", required=True)
    options = parser.parse_args()
    connection = psycopg.connect(options.database, autocommit=True)
    connection.execute(TABLE)

    def on_connect(client: mqtt.Client, *_: Any) -> None:
        client.subscribe(f"sigap/v1/{options.centre}/units/+/live/+", qos=1)

    def on_message(_client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        unit = message.topic.split("/")[4]
        lines = [line.rpartition("\\")[2] for line in message.payload.decode().splitlines()]
        for i in range(0, len(lines), 2):
            rmc, gga = pynmea2.parse(lines[i]), pynmea2.parse(lines[i + 1])
            connection.execute(
                INSERT,
                (
                    unit, rmc.datetime, rmc.latitude, rmc.longitude, gga.altitude, rmc.spd_over_grnd * 0.514444,
                    rmc.true_course, int(gga.num_sats), float(gga.horizontal_dil),
                ),
            )  # fmt: skip

    def on_subscribe(*_: Any) -> None:
        print("ready", flush=True)

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="naive", protocol=mqtt.MQTTv5)
    client.on_connect, client.on_message, client.on_subscribe = on_connect, on_message, on_subscribe
    client.connect("127.0.0.1", options.port)
    client.loop_forever()


if __name__ == "__main__":
    main()
