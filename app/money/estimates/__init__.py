"""What a create will cost at most, before it is sent."""
