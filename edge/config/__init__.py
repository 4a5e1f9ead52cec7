"""YAML into frozen settings: every mistake at once, with file, path and line, or nothing."""

from edge.config.errors import ConfigError, ConfigErrors
from edge.config.site import load_site

__all__ = ["ConfigError", "ConfigErrors", "load_site"]
