"""An estate file to spoil: each test changes one thing in it."""

from collections.abc import Callable
from pathlib import Path

import pytest

ESTATE = """\
regions: [{ name: westeurope }]
clusters: [{ name: aks, region: westeurope }]
servers:
  - { name: erp-prod, region: westeurope, role: production, url: "env:PROD_URL" }
  - { name: erp-nonprod, region: westeurope, role: nonproduction, url: "env:NONPROD_URL" }
environments:
  - name: acme-prod
    class: production
    tier: 1
    region: westeurope
    cluster: aks
    namespace: acme-prod
    database: { server: erp-prod, name: acme }
    workloads: [{ name: odoo, replicas: 2 }]
    endpoints: [{ host: erp.acme.example, base_url: "https://erp.acme.example" }]
    backups: { container: backups, prefix: acme-prod/ }
    filestore: { container: filestore, prefix: acme-prod/ }
  - name: acme-staging
    class: staging
    tier: 3
    region: westeurope
    cluster: aks
    namespace: acme-staging
    database: { server: erp-nonprod, name: acme_staging }
    workloads: [{ name: odoo }]
    endpoints: [{ host: staging.acme.example, base_url: "https://staging.acme.example:8443" }]
    filestore: { container: filestore, prefix: acme-staging/ }
    refresh_from: acme-prod
"""


@pytest.fixture
def estate_file(tmp_path: Path) -> Callable[..., Path]:
    """Write the estate with some of its text replaced; every replaced text must be in it."""

    def write(*changes: tuple[str, str]) -> Path:
        text = ESTATE
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "estate.yaml"
        path.write_text(text)
        return path

    return write
