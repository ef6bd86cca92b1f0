"""The outbound line: what we tell the marketplace, kept until it is told.

`outbox.enqueue` writes a message in the transaction of its cause; `delivering` sends it.
"""
