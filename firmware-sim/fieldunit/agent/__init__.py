"""What runs in the vehicle: takes epochs, makes them durable, hands them to the uplink."""
