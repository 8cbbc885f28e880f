"""What runs outside Lambda and never ships: provisioning, policies, deployment, the embedded AWS."""
