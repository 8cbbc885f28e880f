"""What `chalice deploy` does besides Chalice's own work: the stack, adoption of what exists, completion."""
