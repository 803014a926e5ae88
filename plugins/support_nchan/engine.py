"""What the plugin holds for one application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from support_core.plugin_api import ConfigurationError

from .greeting import Greeter
from .publisher import Publisher
from .settings import BUFFER, HOURS, LOCATION, RECHECK, SECRET, URL

if TYPE_CHECKING:
    from typing import Self

    from support_core.plugin_api import Settings


@dataclass(frozen=True)
class Nchan:
    """The publisher, and what nginx was told as well: see the settings."""

    publisher: Publisher
    greeter: Greeter
    location: str
    hours: int
    buffer: int
    recheck: int

    def close(self) -> None:
        """Close the connections to nginx."""
        self.publisher.close()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Raises :class:`~support_core.settings.ConfigurationError` for what cannot be used."""
        url, secret, location = settings[URL], settings[SECRET], settings[LOCATION]
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigurationError(
                f"{URL}: {url!r} cannot be used; say http://host:port, where nginx publishes."
            )
        if not secret:
            raise ConfigurationError(
                f"{SECRET} is missing; choose one, and put it into nchan.conf of nginx as well."
            )
        if not location.startswith("/"):
            raise ConfigurationError(
                f"{LOCATION}: {location!r} cannot be used; say the path of nginx's location."
            )
        publisher = Publisher(url.rstrip("/"), secret)
        return cls(
            publisher,
            Greeter(publisher),
            location,
            settings[HOURS],
            settings[BUFFER],
            settings[RECHECK],
        )
