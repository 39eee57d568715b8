create unlogged table sample.locale (
    position int, lang text, country text, legal text[], mail text[], given text[], family text[], trades text[],
    streets text[], cities text[], address_format text, zip text, phones text[], mobiles text[], dial text, trunk text,
    "grouping" text[]
);

create unlogged table sample.reference (source text, via text, target text);

-- Drawing from the seed, and numbers with check digits. The schema goes when the sample is made.
create function sample.now() returns timestamp language sql immutable
    return timestamp '2026-06-30 18:00';

create function sample.draw(topic text, n bigint, below int) returns int language sql immutable
    return ((hashint8extended(n, hashtextextended(topic, sample.seed())) & 2147483647) % below)::int;

create function sample.pick(topic text, n bigint, choices text[]) returns text language sql immutable
    return choices[1 + sample.draw(topic, n, cardinality(choices))];

create function sample.digits(topic text, n bigint, width int) returns text language sql immutable
    return lpad(((hashint8extended(n, hashtextextended(topic, sample.seed())) & 9007199254740991)
        % (10 ^ width)::bigint)::text, width, '0');

create function sample.fill(template text, topic text, n bigint) returns text language sql immutable
    return replace(rtrim(template, '#'), '#', '4')
        || case when template like '%#'
            then sample.digits(topic, n, length(template) - length(rtrim(template, '#'))) else '' end;

create function sample.token(topic text, n bigint) returns text language sql immutable
    return encode(sha256(convert_to(topic || n || '/' || sample.seed(), 'UTF8')), 'hex');

create function sample.uuid(topic text, n bigint) returns text language sql immutable
    return overlay(md5(topic || n || '/' || sample.seed())::uuid::text placing '4' from 15 for 1);

create function sample.secret(prefix text, topic text, n bigint) returns text language sql immutable
    return prefix || translate(
        encode(sha256(convert_to(topic || n || '/' || sample.seed(), 'UTF8')), 'base64'), '+/=', '');

create function sample.password_hash(n bigint) returns text language sql immutable
    return '$pbkdf2-sha512$600000$' || left(sample.secret('', 'salt', n), 22)
        || '$' || rtrim(translate(
            encode(sha512(convert_to(sample.token('password', n), 'UTF8')), 'base64'), E'+\n', '.'), '=');

-- Spelt out because lower() leaves accented letters alone in databases with the collation C.
create function sample.slug(name text) returns text language sql immutable
    return trim('-' from regexp_replace(
        lower(translate(replace(replace(name, 'ß', 'ss'), 'œ', 'oe'),
            'ÀÉÈÎÔÅÄÖÜàâäåçéèêëíîïñóôöúûüÿ', 'AEEIOAAOUaaaaceeeeiiinooouuuy')),
        '[^a-z0-9]+', '-', 'g'));

create function sample.luhn(digits text) returns text language sql immutable
    return (select ((10 - sum(case when (length(digits) - i) % 2 = 0
            then (2 * d) / 10 + (2 * d) % 10 else d end) % 10) % 10)::text
        from generate_series(1, length(digits)) i, lateral (select substr(digits, i, 1)::int) x (d));

create function sample.weighted(digits text, weights int[]) returns int language sql immutable
    return (select sum(substr(digits, i, 1)::int * weights[i])::int
        from generate_series(1, cardinality(weights)) i);

-- ISO 7064 MOD 11,10, the check digit of German VAT numbers.
create function sample.mod11_10(digits text) returns text language sql immutable
    return (with recursive walk (i, product) as (
            select 0, 10
            union all
            select i + 1, (2 * case when rest = 0 then 10 else rest end) % 11
            from walk, lateral (select (substr(digits, i + 1, 1)::int + product) % 10) x (rest)
            where i < length(digits))
        select ((11 - product) % 10)::text from walk where i = length(digits));

create function sample.vat(country text, n bigint) returns text language plpgsql immutable as $$
declare
    digits text := sample.digits('vat', n, 9);
    siren text;
begin
    case country
        when 'FR' then
            siren := left(digits, 8) || sample.luhn(left(digits, 8));
            return 'FR' || lpad(((12 + 3 * (siren::int % 97)) % 97)::text, 2, '0') || siren;
        when 'DE' then
            digits := '2' || left(digits, 7);
            return 'DE' || digits || sample.mod11_10(digits);
        when 'GB' then
            digits := left(digits, 7);
            return 'GB' || digits
                || lpad((97 - sample.weighted(digits, '{8,7,6,5,4,3,2}') % 97)::text, 2, '0');
        when 'SE' then
            return 'SE' || digits || sample.luhn(digits) || '01';
        else
            return null;
    end case;
end $$;

create function sample.in_digits(value text) returns text language sql immutable
    return (select string_agg(case when c ~ '[A-Z]' then (ascii(c) - 55)::text else c end, '' order by i)
        from string_to_table(value, null) with ordinality x (c, i));

create function sample.with_iban_check(country text, bban text) returns text language sql immutable
    return country
        || lpad((98 - sample.in_digits(bban || country || '00')::numeric % 97)::text, 2, '0') || bban;

create function sample.iban(country text, n bigint) returns text language plpgsql immutable as $$
declare
    account text := sample.digits('account', n, 15);
    bank text := '99' || sample.digits('bank', n, 3);
    branch text := sample.digits('branch', n, 5);
begin
    case country
        when 'FR' then
            account := left(account, 11);
            return sample.with_iban_check('FR', bank || branch || account || lpad((97
                - (89 * bank::bigint + 15 * branch::bigint + 3 * account::bigint) % 97)::text, 2, '0'));
        when 'DE' then
            return sample.with_iban_check('DE', bank || left(branch, 3) || left(account, 10));
        when 'GB' then
            return sample.with_iban_check('GB', 'ZZZZ' || left(bank, 5) || left(branch, 1) || left(account, 8));
        when 'SE' then
            return sample.with_iban_check('SE', left(bank, 3) || account || left(branch, 2));
        else
            return null;
    end case;
end $$;

create function sample.t(english text, french text) returns jsonb language sql immutable
    return jsonb_build_object('en_US', english, 'fr_FR', french);
