"""What a zygote does before it forks."""
