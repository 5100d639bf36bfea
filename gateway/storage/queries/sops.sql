SELECT kind, name, agencies, sop, urgency, version FROM sops WHERE centre = %(centre)s ORDER BY kind
