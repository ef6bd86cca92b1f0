"""What will go wrong today, before it does; and what is stuck, by its cause."""
