"""The ASGI application: one for the API, the pages and the probes."""

from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI

from functions.console import api, drills, environments, health, links, pages, schedules
from functions.console.delivery import Delivery
from functions.console.desk import Desk
from functions.console.problems import add_problems

ROUTERS = (
    health.router,
    api.router,
    environments.router,
    environments.page_router,
    drills.router,
    drills.page_router,
    schedules.router,
    schedules.page_router,
    pages.router,
    pages.open_router,
    links.router,
)


def build_console(desk: Desk) -> FastAPI:
    """The console at a desk. Its documentation pages are left out: they load from elsewhere."""
    app = FastAPI(
        title="Signalbox",
        description="Runs, approvals, parked messages and the estate.",
        version=_version(),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.desk = desk
    for router in ROUTERS:
        app.include_router(router)
    add_problems(app)
    app.add_middleware(Delivery)
    return app


def _version() -> str:
    """The installed package's; deployed as plain files it has none."""
    try:
        return version("signalbox")
    except PackageNotFoundError:
        return "deployed"
