"""What is checked besides tests: the package, duplicates, known vulnerabilities."""
