"""What runs outside Lambda and is never deployed: deployment, teardown, policies, local runs, checks."""
