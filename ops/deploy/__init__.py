"""What `chalice deploy` does beside Chalice: the stack, adoption of what exists, completion, proof."""
