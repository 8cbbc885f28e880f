"""What `make destroy` does: it removes a stage, and looks until nothing is left."""
