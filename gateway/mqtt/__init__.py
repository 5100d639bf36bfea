"""The gateway's side of the broker. Nobody else imports an MQTT client."""
