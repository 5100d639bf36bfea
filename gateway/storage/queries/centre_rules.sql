SELECT version, escalation::text, labels::text FROM centre_rules WHERE centre = %(centre)s
