"""Which unit for an incident, which hospital for a patient: ranked, with the reasons. People decide."""
