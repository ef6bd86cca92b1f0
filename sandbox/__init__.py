"""The marketplace stand-in: a separate program that plays VTEX over real HTTP.

It imports nothing of the portal, so that what the two agree on is the protocol alone.
"""
