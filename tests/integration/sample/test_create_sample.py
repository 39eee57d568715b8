"""The sample is a company that adds up."""

import hashlib
import re

import psycopg
import pytest

from infra.local.sample import create_sample
from infra.local.sample.create import foreign_keys
from tests.integration.sample.support import Sample, content_hashes

DOMAIN = r"(?:@|://(?:[^/@ ]+@)?)([a-z0-9-]+(?:\.[a-z0-9-]+)+)"


def test_every_area_grows_with_the_partners(sample: Sample) -> None:
    areas = ("sale_order", "stock_picking", "stock_move", "mail_message")

    rows = sample.summary.rows

    assert rows["res_partner"] == 200
    assert {area: rows[area] for area in areas if rows[area] < 200} == {}
    invoices = "select count(*) from account_move where move_type = 'out_invoice'"
    assert sample.rows(invoices) == [(200,)]


def test_no_table_but_the_rare_ones_is_empty(sample: Sample) -> None:
    empty = {table for table, rows in sample.summary.rows.items() if rows == 0}

    # One in some hundreds of partners has these; nothing here counts by date range.
    assert empty <= {
        *("phone_blacklist", "mail_blacklist", "ir_logging", "snailmail_letter"),
        "ir_sequence_date_range",
    }


def test_every_entry_balances_and_agrees_with_its_totals(sample: Sample) -> None:
    unbalanced = sample.rows(
        "select move_id from account_move_line group by move_id having sum(balance) <> 0"
    )
    disagreeing = sample.rows(
        """
        select m.id from account_move m join account_move_line l on l.move_id = m.id
        where m.move_type = 'out_invoice' group by m.id
        having m.amount_total <> sum(l.debit) or m.amount_untaxed
            <> sum(l.credit) filter (where l.display_type = 'product')
        """
    )

    assert (unbalanced, disagreeing) == ([], [])


def test_quants_are_what_the_done_moves_left(sample: Sample) -> None:
    differences = sample.rows(
        """
        with moved as (
            select product_id, place, sum(quantity) as quantity from (
                select product_id, location_dest_id as place, quantity, state from stock_move
                union all
                select product_id, location_id, -quantity, state from stock_move) m
            where state = 'done' group by product_id, place
        ), kept as (
            select product_id, location_id as place, sum(quantity) as quantity
            from stock_quant group by product_id, location_id
        )
        select * from moved full join kept using (product_id, place)
        where moved.quantity is distinct from kept.quantity
        """
    )
    overdrawn = sample.rows(
        """
        select q.id from stock_quant q join stock_location l on l.id = q.location_id
        where l.usage = 'internal' and (q.quantity < 0 or q.reserved_quantity > q.quantity)
        """
    )

    assert (differences, overdrawn) == ([], [])


def test_every_foreign_key_is_there_and_was_checked(sample: Sample) -> None:
    found = sample.rows("select conname from pg_constraint where contype = 'f' and convalidated")

    assert {name for (name,) in found} == {key.name for key in foreign_keys()}


def test_sequences_are_ahead_of_every_id(sample: Sample) -> None:
    serial = sample.rows(
        """
        select t.relname, s.relname from pg_class s
        join pg_depend d on d.objid = s.oid and d.deptype = 'a'
        join pg_class t on t.oid = d.refobjid
        where s.relkind = 'S' and s.relnamespace = 'public'::regnamespace
        """
    )
    behind = [
        table
        for table, sequence in serial
        if sample.rows(
            f"""
            select from {sequence}
            where last_value + is_called::int <= (select coalesce(max(id), 0) from {table})
            """
        )
    ]

    assert len(serial) > 100
    assert behind == []


def test_odoos_own_sequences_draw_from_postgresql(sample: Sample) -> None:
    orders = sample.summary.rows["sale_order"]

    drawn = sample.rows("select last_value, is_called from ir_sequence_001")

    assert drawn == [(orders + 1, False)]


def test_attachments_point_to_files_with_their_checksum(sample: Sample) -> None:
    rows = sample.rows("select store_fname, checksum, file_size from ir_attachment")

    assert {path for path, _, _ in rows} == set(sample.files)
    for path, checksum, size in rows:
        content = sample.files[str(path)]
        assert checksum == hashlib.sha1(content).hexdigest()
        assert path == f"{checksum[:2]}/{checksum}"
        assert size == len(content)


def test_the_same_seed_makes_the_same_content(sample: Sample, database: str) -> None:
    create_sample(database, partners=200)

    assert content_hashes(database) == content_hashes(sample.dsn)


def test_another_seed_makes_other_people(sample: Sample, database: str) -> None:
    create_sample(database, partners=200, seed=19)

    again, first = content_hashes(database), content_hashes(sample.dsn)

    assert again["res_partner"] != first["res_partner"]
    assert again["res_users"] != first["res_users"]


def test_ibans_and_vat_numbers_have_true_check_digits(sample: Sample) -> None:
    ibans = sample.rows(
        "select sanitized_acc_number from res_partner_bank where sanitized_acc_number ~ '^[A-Z]{2}'"
    )
    vats = sample.rows("select vat from res_partner where vat is not null")

    assert [iban for (iban,) in ibans if not _iban_is_valid(str(iban))] == []
    assert [vat for (vat,) in vats if not _vat_is_valid(str(vat))] == []
    assert {str(vat)[:2] for (vat,) in vats} == {"DE", "FR", "GB", "SE"}


def test_emails_come_in_the_spellings_of_the_wild(sample: Sample) -> None:
    emails = [email for (email,) in sample.rows("select email from res_partner where id > 28")]

    spelt = [str(email) for email in emails if email]
    assert None in emails
    assert "" in emails
    for spelling in (r'^".*" <.*>$', ", ", ";", r"^[^a-z]+$", "^ ", "^mailto:", r"\+"):
        assert [email for email in spelt if re.search(spelling, email)], spelling


def test_nothing_leads_to_a_domain_that_someone_could_own(sample: Sample) -> None:
    query = " union ".join(
        f"select m[1] from {table} t, regexp_matches(t::text, '{DOMAIN}', 'gi') m"
        for table in sample.summary.rows
    )

    found = {str(domain).lower() for (domain,) in sample.rows(query)}

    assert len(found) > 50
    assert {domain for domain in found if not domain.endswith(".example")} == set()


def test_too_few_partners_are_refused_before_anything_is_made(database: str) -> None:
    with pytest.raises(ValueError, match="at least 100 partners, not 99"):
        create_sample(database, partners=99)

    with psycopg.connect(database) as connection:
        tables = connection.execute("select count(*) from pg_tables where schemaname = 'public'")
        assert tables.fetchone() == (0,)


def _iban_is_valid(iban: str) -> bool:
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


def _vat_is_valid(vat: str) -> bool:
    digits = [int(digit) for digit in vat[2:]]
    match vat[:2]:
        case "FR":
            siren = int(vat[4:])
            return _luhn(digits[2:]) and int(vat[2:4]) == (12 + 3 * (siren % 97)) % 97
        case "DE":
            product = 10
            for digit in digits[:-1]:
                product = 2 * ((digit + product) % 10 or 10) % 11
            return len(digits) == 9 and (11 - product) % 10 == digits[-1]
        case "GB":
            weighted = sum(a * b for a, b in zip(digits, range(8, 1, -1), strict=False))
            return len(digits) == 9 and (weighted + int(vat[9:])) % 97 == 0
        case "SE":
            return len(digits) == 12 and _luhn(digits[:10]) and vat.endswith("01")
    return False


def _luhn(digits: list[int]) -> bool:
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0
