"""The crew in the cab: statuses, missions, the emergency button, and the page that a tablet shows.

It stands beside the receivers and knows neither the broker nor the outbox: what it needs of them is `cab.Uplink`.
"""
