"""Ways to somebody who does not look at the board: mail, a webhook, and SMS by a modem when the internet is gone."""
