"""Road graph and router: where a vehicle can drive, and how long the way is."""
