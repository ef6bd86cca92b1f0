"""What the marketplace is to pay for each order, what keeps it from paying, and what it paid."""
