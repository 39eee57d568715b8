"""Certificates that cert-manager looks after (https://cert-manager.io/docs/reference/cmctl/#renew)."""

from datetime import datetime

from shared.cluster.api import Api, Json

KIND = "Certificate"

_ISSUING = "Issuing"


def renew(api: Api, namespace: str, name: str, now: datetime) -> None:
    """Have a certificate issued anew, as ``cmctl renew`` does; one that is being issued is left."""
    found = api.read(KIND, namespace, name)
    status = found.setdefault("status", {})
    conditions: list[Json] = status.get("conditions") or []
    if any(each["type"] == _ISSUING and each["status"] == "True" for each in conditions):
        return
    issuing = {
        "type": _ISSUING,
        "status": "True",
        "reason": "ManuallyTriggered",
        "message": "Certificate re-issuance manually triggered by Signalbox",
        "lastTransitionTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "observedGeneration": found["metadata"].get("generation", 1),
    }
    status["conditions"] = [each for each in conditions if each["type"] != _ISSUING] + [issuing]
    api.replace_status(KIND, namespace, found)


def state(api: Api, namespace: str, name: str) -> str:
    """What cert-manager says of a certificate, condition by condition."""
    conditions = api.read(KIND, namespace, name).get("status", {}).get("conditions") or []
    said = [f"{c['type']} {c['status']}: {c.get('message', 'no message')}" for c in conditions]
    return "; ".join(said) or "nothing"
