-- Maskers. One text value in, one out; deterministic under the session setting signalbox.masking_key,
-- 64 hexadecimal digits. sha256(key || domain || value) with a key of fixed length that fills exactly one
-- block of SHA-256 and never leaves the session: nobody can extend a digest of which only a part is shown,
-- so the plain prefix is as good here as HMAC at a quarter of its price.

create schema if not exists signalbox_maskers;
revoke all on schema signalbox_maskers from public;

create or replace function signalbox_maskers.digest(domain text, value text) returns text
language sql stable parallel safe
return encode(sha256(convert_to(current_setting('signalbox.masking_key') || domain || value, 'UTF8')), 'hex');

create or replace function signalbox_maskers.pick(domain text, value text, choices integer) returns integer
language sql stable parallel safe
return 1 + ('x' || left(signalbox_maskers.digest(domain, value), 6))::bit(24)::integer % choices;

create or replace function signalbox_maskers.digits(domain text, value text, amount integer) returns text
language sql stable parallel safe
return left(translate(signalbox_maskers.digest(domain, value), 'abcdef', '012345'), amount);

create or replace function signalbox_maskers.alphanumeric(value text) returns text
language plpgsql immutable parallel safe as $$
begin
    return upper(case when value ~ '[^A-Za-z0-9]'
        then regexp_replace(value, '[^A-Za-z0-9]', '', 'g') else value end);
end $$;

create or replace function signalbox_maskers.one_email(value text) returns text
language sql stable parallel safe
return 'user.' || left(signalbox_maskers.digest('email:', lower(coalesce(
    substring(value from '[^[:space:]<>,;:"()]+@[^[:space:]<>,;:"()]+'), value))), 16) || '@masked.invalid';

create or replace function signalbox_maskers.mask_email(value text) returns text
language plpgsql stable parallel safe as $$
begin
    if strpos(translate(value, ';', ','), ',') > 0 and value ~ '@.*[,;].*@' then
        return signalbox_maskers.one_email(split_part(translate(value, ';', ','), ',', 1)) || ', '
            || signalbox_maskers.one_email(split_part(translate(value, ';', ','), ',', 2));
    end if;
    return signalbox_maskers.one_email(value);
end $$;

create or replace function signalbox_maskers.mask_template_email(value text) returns text
language sql stable parallel safe
return case when value like '%{{%' then value else signalbox_maskers.mask_email(value) end;

create or replace function signalbox_maskers.mask_login(value text) returns text
language sql stable parallel safe
return case when value in ('admin', 'default', 'portaltemplate', 'public', '__system__') then value
    when value like '%@%' then signalbox_maskers.mask_email(value)
    else 'user.' || left(signalbox_maskers.digest('login:', value), 16) end;

-- A company is recognised by its legal form or by a digit in its name; everything else gets a person's name.
create or replace function signalbox_maskers.one_name(value text) returns text
language plpgsql stable parallel safe as $$
declare
    hash text := signalbox_maskers.digest('name:', lower(translate(value, '.,()"', '')));
    first integer := 1 + ('x' || left(hash, 6))::bit(24)::integer % 64;
    last integer := ('x' || substr(hash, 7, 6))::bit(24)::integer;
begin
    if value ~* '[0-9]|\m(gmbh|ag|kg|ohg|ug|sarl|sas|sa|srl|spa|bv|nv|ltd|limited|llc|llp|inc|corp|plc|co|ab|oy|aps|as|sl|lda|ltda|kft|sro|company|group|bank)\M' then
        return ('{Amber,Anchor,Aspen,Beacon,Birch,Bridge,Canyon,Cedar,Cobalt,Comet,Copper,Coral,Delta,Ember,Falcon,Fjord,Forge,Garnet,Glacier,Granite,Harbor,Hazel,Horizon,Indigo,Iris,Juniper,Kestrel,Lagoon,Lantern,Larch,Lotus,Maple,Marble,Meadow,Meridian,Mosaic,Nimbus,Northwind,Oak,Onyx,Opal,Orchid,Osprey,Pebble,Pine,Prairie,Quartz,Raven,Ridge,River,Saffron,Sage,Sierra,Slate,Sparrow,Summit,Thistle,Timber,Topaz,Tundra,Vale,Willow,Wren,Zephyr}'::text[])[first]
            || ' ' || ('{Trading,Logistics,Foods,Tools,Textiles,Optics,Paper,Plastics,Metals,Supplies,Interiors,Electronics,Gardens,Machines,Motors,Packaging}'::text[])[1 + last % 16]
            || ' ' || upper(substr(hash, 13, 4));
    end if;
    return ('{Ada,Adam,Alba,Anton,Aria,Arthur,Bela,Bruno,Carla,Cedric,Clara,Cosmo,Dana,David,Dora,Edgar,Elena,Elias,Emma,Erik,Fiona,Felix,Flora,Frank,Greta,Gustav,Hanna,Hugo,Ida,Ivan,Ines,Jakob,Jana,Jonas,Julia,Karl,Kira,Konrad,Lara,Leo,Lena,Linus,Mara,Marco,Mila,Moritz,Nadia,Nils,Nora,Oscar,Olga,Otto,Paula,Peter,Petra,Ralf,Rosa,Ruben,Selma,Simon,Tara,Tom,Vera,Viktor}'::text[])[first]
        || ' ' || ('{Abbott,Acker,Alder,Arden,Baird,Barlow,Becker,Bellini,Berg,Bloom,Brandt,Castell,Cole,Conti,Dahl,Darby,Dekker,Eklund,Ellis,Engel,Falk,Ferro,Fischer,Gale,Garner,Grimm,Haas,Hale,Holm,Ivers,Jansen,Kade,Keller,Klein,Lang,Larsen,Leone,Lind,Lorenz,Marsh,Meyer,Moreau,Nash,Neri,Noble,Olsen,Otten,Pagel,Quist,Ramos,Reyes,Roth,Sand,Serra,Stark,Steen,Thorne,Unger,Vance,Vogel,Weber,Winter,Yates,Zeller}'::text[])[1 + last % 64];
end $$;

-- Odoo shows a contact as "Company, Contact": each part gets the name that it gets alone.
create or replace function signalbox_maskers.mask_name(value text) returns text
language plpgsql stable parallel safe as $$
declare parts text[];
begin
    if strpos(value, ', ') = 0 then
        return signalbox_maskers.one_name(value);
    end if;
    parts := string_to_array(value, ', ');
    return signalbox_maskers.one_name(parts[1]) || ', ' || signalbox_maskers.one_name(parts[2])
        || coalesce(', ' || signalbox_maskers.one_name(nullif(parts[3], '')), '');
end $$;

-- The last eight digits identify a number in every spelling of it, with or without a country code: they
-- become 00 and six digits. No numbering plan gives out subscriber numbers that start with 00.
create or replace function signalbox_maskers.phone_of(compact text) returns text
language sql stable parallel safe
return left(compact, greatest(length(compact) - 8, 0))
    || '00' || signalbox_maskers.digits('phone:', right(compact, 8), 6);

create or replace function signalbox_maskers.mask_phone(value text) returns text
language plpgsql stable parallel safe as $$
declare compact text := translate(value, ' +-()./', '');
begin
    if compact ~ '[^0-9]' then
        compact := regexp_replace(compact, '[^0-9]', '', 'g');
    end if;
    return case when ltrim(value) like '+%' then '+' else '' end || signalbox_maskers.phone_of(compact);
end $$;

create or replace function signalbox_maskers.mask_street(value text) returns text
language sql stable parallel safe
return ('{Alder Way,Anchor Lane,Apple Street,Ash Road,Bay Street,Beech Lane,Birch Road,Bridge Street,Brook Lane,Canal Street,Castle Road,Cedar Avenue,Chapel Lane,Cherry Street,Church Road,Cliff Road,Corn Street,Dale Road,Dock Street,Elm Street,Fern Lane,Field Road,Forest Avenue,Garden Street}'::text[])[signalbox_maskers.pick('street:', lower(value), 24)]
    || ' ' || signalbox_maskers.pick('house:', lower(value), 199);

create or replace function signalbox_maskers.mask_city(value text) returns text
language sql stable parallel safe
return ('{Aldermere,Ashford Vale,Birchhaven,Brightwater,Cedarholm,Clearbrook,Coldwell,Dunmore,Eastbrook,Elmstead,Fairhollow,Fernwick,Glenrock,Greyfield,Hartmoor,Highmarsh,Kingsmead,Lakeshore,Longbridge,Maplewood,Millbrook,Northgate,Oakhurst,Pinecrest,Ravensford,Redcliff,Riverbend,Southmoor,Stonebridge,Thornbury,Westvale,Willowdale}'::text[])[signalbox_maskers.pick('city:', lower(value), 32)];

create or replace function signalbox_maskers.mask_identifier(value text) returns text
language sql stable parallel safe
return signalbox_maskers.digits('identifier:', signalbox_maskers.alphanumeric(value), length(value));

-- ISO/IEC 7812: the digit that makes a number pass Luhn's test, from the right, every other digit doubled.
create or replace function signalbox_maskers.luhn(number text) returns text
language sql immutable strict parallel safe
return (select (10 - sum(case when (length(number) - place) % 2 = 1 then digit
        else digit * 2 / 10 + digit * 2 % 10 end) % 10) % 10
    from (select place::integer, digit::integer
        from regexp_split_to_table(number, '') with ordinality as listed (digit, place)) as digits)::text;

-- ISO 7064 MOD 11,10: the check digit of German tax numbers.
create or replace function signalbox_maskers.mod_11_10(number text) returns text
language plpgsql immutable strict parallel safe as $$
declare
    product integer := 10;
    total integer;
begin
    foreach total in array string_to_array(number, null)::integer[] loop
        total := (total + product) % 10;
        product := case when total = 0 then 10 else total end * 2 % 11;
    end loop;
    return (11 - product) % 10;
end $$;

-- The country's form with true check digits, from digits at random; NULL for countries that it does not know.
create or replace function signalbox_maskers.national_vat(country text, random text) returns text
language sql immutable strict parallel safe
return case country
    when 'BE' then '0' || left(random, 7) || lpad((97 - ('0' || left(random, 7))::integer % 97)::text, 2, '0')
    when 'DE' then '1' || left(random, 7) || signalbox_maskers.mod_11_10('1' || left(random, 7))
    when 'ES' then 'B' || left(random, 7) || signalbox_maskers.luhn(left(random, 7))
    when 'FR' then lpad(((12 + 3 * ((left(random, 8) || signalbox_maskers.luhn(left(random, 8)))::bigint % 97)) % 97)::text, 2, '0')
        || left(random, 8) || signalbox_maskers.luhn(left(random, 8))
    when 'IT' then '1' || left(random, 6) || '015' || signalbox_maskers.luhn('1' || left(random, 6) || '015')
    when 'LU' then '1' || left(random, 5) || lpad((('1' || left(random, 5))::integer % 89)::text, 2, '0')
    end;

create or replace function signalbox_maskers.mask_vat(value text) returns text
language plpgsql stable parallel safe as $$
declare
    compact text := signalbox_maskers.alphanumeric(value);
    random text := signalbox_maskers.digits('vat:', compact, greatest(length(compact), 8));
begin
    if compact ~ '^[A-Z]{2}' then
        return left(compact, 2) || coalesce(
            signalbox_maskers.national_vat(left(compact, 2), random), left(random, length(compact) - 2));
    end if;
    return left(random, length(compact));
end $$;

-- ISO 13616: letters count as two digits.
create or replace function signalbox_maskers.digits_of_letters(value text) returns text
language sql immutable strict parallel safe
return (select string_agg(case when sign ~ '[A-Z]' then (ascii(sign) - 55)::text else sign end, '' order by place)
    from regexp_split_to_table(value, '') with ordinality as listed (sign, place));

-- Letters where the original has letters: some countries want those of a bank there.
create or replace function signalbox_maskers.shaped(original text, random text) returns text
language sql immutable strict parallel safe
return (select string_agg(case when sign ~ '[A-Z]' then chr(65 + substr(random, place::integer, 1)::integer)
        else substr(random, place::integer, 1) end, '' order by place)
    from regexp_split_to_table(original, '') with ordinality as listed (sign, place));

-- Country, length and shape are kept, the check digits are right (ISO 7064 MOD 97-10).
create or replace function signalbox_maskers.iban(country text, account text) returns text
language sql immutable parallel safe
return country || lpad((98 - (
    case when account ~ '[A-Z]' then signalbox_maskers.digits_of_letters(account) else account end
    || (ascii(country) - 55) || (ascii(right(country, 1)) - 55) || '00')::numeric % 97)::text, 2, '0') || account;

create or replace function signalbox_maskers.mask_iban(value text) returns text
language plpgsql stable parallel safe as $$
declare
    compact text := signalbox_maskers.alphanumeric(value);
    account text := signalbox_maskers.digits('iban:', compact, length(compact));
begin
    if compact ~ '^[A-Z]{2}[0-9]{13,32}$' then
        return signalbox_maskers.iban(left(compact, 2), left(account, -4));
    end if;
    if compact ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$' then
        return signalbox_maskers.iban(
            left(compact, 2), signalbox_maskers.shaped(substr(compact, 5), account));
    end if;
    return account;
end $$;

create or replace function signalbox_maskers.mask_text(value text) returns text
language sql immutable parallel safe
return 'Text removed from this copy';

create or replace function signalbox_maskers.mask_html(value text) returns text
language sql immutable parallel safe
return '<p>Text removed from this copy</p>';

create or replace function signalbox_maskers.mask_label(value text) returns text
language sql stable parallel safe
return 'Text ' || left(signalbox_maskers.digest('label:', value), 8);

create or replace function signalbox_maskers.mask_token(value text) returns text
language sql stable parallel safe
return left(signalbox_maskers.digest('token:', value), 32);

create or replace function signalbox_maskers.mask_url(value text) returns text
language sql stable parallel safe
return 'https://' || left(signalbox_maskers.digest('url:', lower(rtrim(value, '/'))), 16) || '.invalid';

create or replace function signalbox_maskers.mask_host(value text) returns text
language sql stable parallel safe
return left(signalbox_maskers.digest('host:', lower(value)), 16) || '.invalid';

create or replace function signalbox_maskers.mask_ip(value text) returns text
language sql stable parallel safe
return '192.0.2.' || signalbox_maskers.pick('ip:', value, 254);

create or replace function signalbox_maskers.mask_file_name(value text) returns text
language sql stable parallel safe
return 'file-' || left(signalbox_maskers.digest('file:', value), 16)
    || coalesce(lower(substring(value from '\.[A-Za-z0-9]{1,5}$')), '');

create or replace function signalbox_maskers.mask_message_id(value text) returns text
language sql stable parallel safe
return '<' || left(signalbox_maskers.digest('message:', btrim(value, '<> ')), 24) || '@masked.invalid>';

create or replace function signalbox_maskers.mask_year(value timestamp) returns timestamp
language sql immutable parallel safe
return date_trunc('year', value);

-- The new text of a row whose column is rewritten in place; see prose.py, which fills the table.
create or replace function signalbox_maskers.rewritten(rel oid, at tid, field text) returns text
language plpgsql stable as $$
begin
    return (select r.value from pg_temp.signalbox_rewritten r
        where r.field = rewritten.field and r.rel = rewritten.rel and r.at = rewritten.at);
end $$;
