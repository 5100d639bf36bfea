"""What leaves the gateway for those who watch."""
