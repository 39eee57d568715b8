"""What will be unique, read from the script that makes it so."""

import pytest

from shared.postgres.postponed import unique_columns


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (
            "ALTER TABLE ONLY public.t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (id);\n",
            {("public", "t", "id")},
        ),
        (
            'ALTER TABLE ONLY public."Odd Table"\n    ADD CONSTRAINT "a "" b" UNIQUE (x, "Y");\n',
            {("public", "Odd Table", "x"), ("public", "Odd Table", "Y")},
        ),
        (
            "ALTER TABLE ONLY s.t\n    ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a);\n",
            {("s", "t", "a")},
        ),
        (
            "CREATE UNIQUE INDEX i ON ONLY public.t USING btree (lower((a)::text)) WHERE b;\n",
            {("public", "t", "lower"), ("public", "t", "a")},
        ),
        ("CREATE INDEX i ON public.t USING btree (a);\n", set()),
        (
            "ALTER TABLE ONLY public.t\n"
            "    ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES public.u(id) ON DELETE CASCADE;\n",
            set(),
        ),
    ],
)
def test_columns_of_unique_indexes_are_found_and_no_others(
    script: str, expected: set[tuple[str, str, str]]
) -> None:
    found = set(unique_columns(script))

    assert expected <= found
    assert bool(found) == bool(expected)
