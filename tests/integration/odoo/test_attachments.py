"""Which files the database refers to."""

import psycopg

from shared.odoo.attachments import StoredFile, stored_files


def test_each_stored_file_is_named_once_with_its_checksum(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "create table ir_attachment"
            " (id serial, store_fname varchar, checksum varchar, file_size integer)"
        )
        connection.execute(
            "insert into ir_attachment (store_fname, checksum, file_size) values"
            " ('bb/bb01', 'bb01', 7), ('aa/aa01', 'aa01', 3), ('aa/aa01', 'aa01', 3),"
            " (null, 'cc01', 5), ('', null, null)"
        )

        found = list(stored_files(connection))

    assert found == [StoredFile("aa/aa01", "aa01", 3), StoredFile("bb/bb01", "bb01", 7)]
