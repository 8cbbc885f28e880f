"""The tokens of the API's callers, wired from Settings."""

from __future__ import annotations

from functools import cache

from chalicelib.api.auth import CachedTokens, GivenTokens, Tokens
from chalicelib.aws.clients import client
from chalicelib.aws.secrets import RoleSecrets
from chalicelib.settings import Settings


@cache
def tokens(config: Settings) -> CachedTokens | GivenTokens:
    """Wire the tokens, once per process: kept in secrets, or given as stage `local` does."""
    if not config.api_tokens_secret:
        return GivenTokens(Tokens(config.api_reader_token, config.api_operator_token))
    return CachedTokens(RoleSecrets(client("secretsmanager", config.aws_region), config.api_tokens_secret))
