"""Permissions, credentials and the security policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .permissions import BUILTIN_ROLES, GRANTABLE, OWNER, Permission
from .policy import SupportSecurityPolicy, find_caller

if TYPE_CHECKING:
    from pyramid.config import Configurator

__all__ = ["BUILTIN_ROLES", "GRANTABLE", "OWNER", "Permission", "SupportSecurityPolicy"]


def includeme(config: Configurator) -> None:
    """Install the policy and ``request.caller``, the one lookup it rests on."""
    config.set_security_policy(SupportSecurityPolicy())
    config.add_request_method(find_caller, "caller", reify=True)
