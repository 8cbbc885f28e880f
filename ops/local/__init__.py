"""What `make run` does: the embedded AWS, the deployed zip on it, the API, the samples."""
