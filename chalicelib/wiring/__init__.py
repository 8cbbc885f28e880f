"""Adapters put together from Settings: the one place besides app.py where AWS clients are asked for."""
