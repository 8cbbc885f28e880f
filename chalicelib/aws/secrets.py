"""API tokens kept in Secrets Manager, one secret per role."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class RoleSecrets:
    """The secrets `<prefix>-reader` and `<prefix>-operator`; each holds what `Tokens` understands."""

    def __init__(self, secrets: SecretsManagerClient, prefix: str) -> None:
        self._secrets = secrets
        self.prefix = prefix

    def token(self, role: str) -> str:
        """Read the current token, or named tokens, of a role."""
        found = self._secrets.get_secret_value(SecretId=f"{self.prefix}-{role}")
        return found["SecretString"].strip()
