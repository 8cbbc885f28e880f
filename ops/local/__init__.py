"""Sluice on this machine: the embedded AWS, a deploy onto it, the API, the samples; and `chalice local`."""
