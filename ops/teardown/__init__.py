"""What `make destroy` does: remove a stage, and check that nothing of it is left."""
