"""What runs as the customer: the way into an app, and the servers of every kind."""
