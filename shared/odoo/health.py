"""The health page of an Odoo, as load balancers ask for it."""

import urllib.error
import urllib.request
from datetime import timedelta
from http.client import HTTPException


def ask_health(url: str, patience: timedelta) -> tuple[bool, str]:
    """Whether the page answers with 200, and what it says: ``HTTP 503``, or why it says nothing."""
    try:
        with urllib.request.urlopen(url, timeout=patience.total_seconds()) as answer:
            return answer.status == 200, f"HTTP {answer.status}"
    except urllib.error.HTTPError as error:
        error.close()
        return False, f"HTTP {error.code}"
    except (OSError, HTTPException) as error:
        return False, f"no answer: {error!r}"
