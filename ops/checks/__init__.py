"""Checks besides tests: what is in the Lambda package, duplicated code, known vulnerabilities."""
