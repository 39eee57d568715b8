"""Microsoft's worker and our host understand the same app the same way."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.local.host import AppInvalid
from infra.local.host.app import load_app
from infra.local.host.settings import read_local_settings
from tests.integration.host.support import APP, SETTINGS

ROOT = Path(__file__).parents[3]
INDEXING = Path(__file__).parent / "indexing.py"
RUNTIME = "azure-functions-runtime==1.3.0"


@pytest.fixture(scope="session")
def worker_runtime(pytestconfig: pytest.Config) -> Path:
    """Microsoft's worker library in a folder of its own, out of the project's reach."""
    folder = pytestconfig.cache.mkdir(RUNTIME.replace("==", "-"))
    if not (folder / "azure_functions_runtime").is_dir():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        options = ["--ignore-requires-python", "--target", str(folder), RUNTIME]
        done = subprocess.run([*install, *options], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"pip could not install {RUNTIME}: {done.stderr.strip()[-200:]}")
    return folder


def index(runtime: Path, app: Path, settings: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(INDEXING), str(runtime), str(app)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | settings,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def ours(app: Path, settings: dict[str, str]) -> dict[str, list[str]]:
    return {function.name: list(function.raw_bindings) for function in load_app(app, settings)}


def test_the_worker_finds_the_functions_that_the_host_serves(worker_runtime: Path) -> None:
    settings = {**SETTINGS, "ServiceBus": "Endpoint=sb://unused"}

    found = index(worker_runtime, APP, settings)

    assert found == {"functions": ours(APP, settings)}


def test_the_worker_finds_the_functions_of_the_project(worker_runtime: Path) -> None:
    example = ROOT / "local.settings.example.json"
    if not (example.exists() and (ROOT / "function_app.py").exists()):
        pytest.skip("function_app.py or local.settings.example.json is not written yet")
    settings = read_local_settings(example)

    found = index(worker_runtime, ROOT, settings)

    assert found == {"functions": ours(ROOT, settings)}


def test_both_refuse_an_app_whose_function_names_collide(
    worker_runtime: Path, tmp_path: Path
) -> None:
    (tmp_path / "function_app.py").write_text(
        "import azure.functions as func\n"
        "app = func.FunctionApp()\n"
        "for name in ('one', 'two'):\n"
        "    @app.function_name('same')\n"
        "    @app.route(route=name)\n"
        "    def handler(req: func.HttpRequest) -> str:\n"
        "        return ''\n"
    )

    found = index(worker_runtime, tmp_path, {})

    assert "same" in found["failure"]
    with pytest.raises(AppInvalid, match="same"):
        load_app(tmp_path, {})
