"""A seller to try the portal with: invented goods, logins and orders. Never in production."""
