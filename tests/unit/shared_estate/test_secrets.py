from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.estate import EstateInvalid, Reference, SecretMissing, SecretReference, load_estate
from shared.estate.secrets import Secrets
from shared.settings import Settings

REFERENCE: TypeAdapter[Reference] = TypeAdapter(SecretReference)


def test_a_reference_that_azure_did_not_resolve_is_no_secret() -> None:
    text = "@Microsoft.KeyVault(SecretUri=https://kv-1.vault.azure.net/secrets/masking-key)"

    with pytest.raises(SecretMissing, match="could not resolve"):
        Secrets({"KEY": text}).resolve(Reference("env", "KEY"))

    with pytest.raises(ValidationError, match="could not resolve"):
        Settings.model_validate(
            {"ledger_url": "postgresql://", "estate": "e", "blobs": "b", "api_key": text}
        )


@pytest.mark.parametrize(
    "text",
    ["env:PROD_URL", "file:/run/secrets/url", "keyvault:acme-vault/url", "kubernetes:ns/odoo/url"],
)
def test_the_four_forms_of_a_reference_are_read_and_written_alike(text: str) -> None:
    assert str(REFERENCE.validate_python(text)) == text
    assert REFERENCE.dump_json(REFERENCE.validate_python(text)) == f'"{text}"'.encode()


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://odoo:hunter2@db/acme",
        "hunter2",
        "env:has space",
        "file:relative/path",
        "keyvault:url",
        "kubernetes:ns/url",
        "vault:acme/url",
        "",
    ],
)
def test_anything_else_is_refused_as_a_reference(text: str) -> None:
    with pytest.raises(ValidationError, match="never as its value"):
        REFERENCE.validate_python(text)


def test_a_literal_secret_in_the_estate_is_refused_without_being_repeated(
    estate_file: Callable[..., Path],
) -> None:
    path = estate_file(("env:PROD_URL", "postgresql://odoo:hunter2@db/acme"))

    with pytest.raises(EstateInvalid, match="server erp-prod: url: a secret is given") as refusal:
        load_estate(path)

    assert "hunter2" not in repr(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_secret_is_read_from_the_environment_and_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from the file\n")
    secrets = Secrets({"KEY": "from the environment"})

    assert secrets.resolve(Reference("env", "KEY")) == "from the environment"
    assert secrets.resolve(Reference("file", f"{tmp_path}/key")) == "from the file"


@pytest.mark.parametrize(
    ("reference", "complaint"),
    [
        (Reference("env", "ABSENT"), "env:ABSENT is missing: set the app setting ABSENT"),
        (Reference("env", "EMPTY"), "env:EMPTY is empty"),
        (Reference("file", "/nowhere/key"), "file:/nowhere/key cannot be read: No such file"),
        (Reference("keyvault", "acme/url"), "keyvault:acme/url needs Azure credentials"),
        (Reference("kubernetes", "ns/odoo/url"), "kubernetes:ns/odoo/url needs a cluster"),
    ],
)
def test_a_missing_secret_is_named_by_its_reference(reference: Reference, complaint: str) -> None:
    secrets = Secrets({"EMPTY": "", "OTHER": "hunter2"})

    with pytest.raises(SecretMissing, match=complaint) as missing:
        secrets.resolve(reference)

    assert "hunter2" not in str(missing.value)


def test_a_file_that_is_not_text_is_refused_without_being_quoted(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"hunter2\xff")

    with pytest.raises(SecretMissing, match="is not UTF-8 text") as missing:
        Secrets({}).resolve(Reference("file", f"{tmp_path}/key"))

    assert missing.value.__cause__ is None


def test_a_deployment_brings_its_own_resolvers() -> None:
    secrets = Secrets({}, keyvault=lambda place: f"value of {place}")

    assert secrets.resolve(Reference("keyvault", "acme/url")) == "value of acme/url"
