"""Video models: the names that clients send, limits, and what each region's upstream calls them."""
