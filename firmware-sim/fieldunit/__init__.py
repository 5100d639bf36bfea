"""What runs in the vehicle, and its simulator. Speaks to the gateway over the wire only."""
