"""What is told of how good a model is, as JSON."""

from typing import Any

Metrics = dict[str, Any]
