DELETE FROM sops WHERE centre = %(centre)s AND kind = %(kind)s
