"""Route templates."""

import pytest

from infra.local.host.routes import Route


def test_literal_segments_are_tried_before_parameters() -> None:
    templates = ["{*rest}", "runs/{id}", "runs/{id:int}", "runs/latest"]

    ordered = sorted(map(Route.parse, templates), key=lambda route: route.precedence)

    assert [route.template for route in ordered] == [
        "runs/latest",
        "runs/{id:int}",
        "runs/{id}",
        "{*rest}",
    ]


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("runs/{id:guid}", "runs/2d1781af-3a4c-4d7c-bd0c-e34b19da4e66", True),
        ("runs/{id:guid}", "runs/7", False),
        ("runs/{id:int?}", "runs", True),
        ("runs/{id}", "runs", False),
        ("runs/{id}", "runs/a/b", False),
        ("runs", "runs/", True),
        ("a.b", "axb", False),
    ],
)
def test_a_template_matches_as_in_aspnet(template: str, path: str, *, expected: bool) -> None:
    assert (Route.parse(template).match(path) is not None) is expected


@pytest.mark.parametrize("template", ["runs/{id:regex}", "runs/{id", "runs/x{id}"])
def test_a_template_beyond_us_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="not understood"):
        Route.parse(template)
