"""The whole deployment of docs/deploying.md on one machine, walked through: ``make rehearsal``.

Loopback addresses stand for machines: 127.0.0.2 and 127.0.0.3 each run a web process and a worker,
127.0.0.4 is nginx with nchan, 127.0.0.5 nginx with the gateway behind it.
"""
