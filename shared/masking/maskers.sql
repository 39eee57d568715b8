-- Maskers. One text value in, one out; deterministic under the session setting signalbox.masking_key,
-- 22 digits of base64 (128 bits). sha256(key || domain || value) with a key of fixed length that never
-- leaves the session and a digest of which only a part is shown: nobody can extend it, so the plain prefix
-- is as good here as HMAC at a quarter of its price, and most values fit one block of SHA-256.
-- What needs its digest once is one expression, which PostgreSQL inlines; the rest is PL/pgSQL, which
-- costs a third of a microsecond per call: less than a second digest.

create schema if not exists signalbox_maskers;
revoke all on schema signalbox_maskers from public;

create or replace function signalbox_maskers.hash(domain text, value text) returns bytea
language sql stable parallel safe
return sha256(convert_to(current_setting('signalbox.masking_key') || domain || value, 'UTF8'));

create or replace function signalbox_maskers.digest(domain text, value text) returns text
language sql stable parallel safe
return encode(signalbox_maskers.hash(domain, value), 'hex');

create or replace function signalbox_maskers.digits(domain text, value text, amount integer) returns text
language sql stable parallel safe
return translate(left(signalbox_maskers.digest(domain, value), amount), 'abcdef', '012345');

-- The first 31 bits of a hash.
create or replace function signalbox_maskers.number(hash bytea) returns integer
language sql immutable parallel safe
return ((get_byte(hash, 0) & 127) << 24) + (get_byte(hash, 1) << 16) + (get_byte(hash, 2) << 8) + get_byte(hash, 3);

create or replace function signalbox_maskers.alphanumeric(value text) returns text
language sql immutable parallel safe
return case when value ~ '[^A-Z0-9]'
    then upper(regexp_replace(value, '[^A-Za-z0-9]', '', 'g')) else value end;

create or replace function signalbox_maskers.plain_email(address text) returns text
language sql stable parallel safe
return 'user.' || left(signalbox_maskers.digest('email:', lower(address)), 16) || '@masked.invalid';

create or replace function signalbox_maskers.spelled_email(value text) returns text
language plpgsql stable parallel safe as $$
begin
    return (
        select string_agg(signalbox_maskers.plain_email(coalesce(
            substring(part from '[^[:space:]<>,;:"()]+@[^[:space:]<>,;:"()]+'), part)), ', ' order by place)
        from unnest(case when value ~ '@.*[,;].*@' then regexp_split_to_array(value, '\s*[,;]\s*')
                         else array[value] end) with ordinality as listed (part, place)
        where part like '%@%' or value not like '%@%');
end $$;

create or replace function signalbox_maskers.mask_email(value text) returns text
language sql stable parallel safe
return case when value ~ '[[:space:]<>,;:"()]' then signalbox_maskers.spelled_email(value)
    else signalbox_maskers.plain_email(value) end;

create or replace function signalbox_maskers.mask_template_email(value text) returns text
language sql stable parallel safe
return case when value like '%{{%' then value else signalbox_maskers.mask_email(value) end;

create or replace function signalbox_maskers.mask_login(value text) returns text
language sql stable parallel safe
return case when value in ('admin', 'default', 'portaltemplate', 'public', '__system__') then value
    when value like '%@%' then signalbox_maskers.mask_email(value)
    else 'user.' || left(signalbox_maskers.digest('login:', value), 16) end;

-- Names. The language of an invented name follows from the original one alone, as every copy of it must
-- get the same: from its legal form, its letters, its particles or its first word, in this order.
create or replace function signalbox_maskers.given_names(language text) returns text[]
language sql immutable parallel safe
return case language
    when 'de' then '{Anja,Anke,Birgit,Britta,Claudia,Dieter,Elke,Florian,Franziska,Fritz,Gerd,Gisela,Greta,Günter,Hannes,Hans,Heike,Heinz,Helga,Holger,Ingrid,Jens,Jürgen,Jutta,Karin,Katja,Klaus,Manfred,Renate,Sabine,Uwe,Wolfgang}'::text[]
    when 'fr' then '{Adrien,Agnès,Alain,Amélie,Antoine,Aurélie,Benoît,Brigitte,Camille,Chantal,Chloé,Christophe,Corinne,Denis,Dominique,Élodie,Étienne,Fabrice,Gilles,Guillaume,Hélène,Jacques,Jérôme,Laurent,Mathilde,Monique,Nathalie,Noémie,Pascal,Pierre,Sylvie,Thierry}'::text[]
    when 'it' then '{Alessandra,Alessio,Antonella,Carlo,Caterina,Chiara,Dario,Davide,Donatella,Enrico,Fabio,Federica,Francesca,Francesco,Giacomo,Gianni,Giorgia,Giovanni,Giulia,Ilaria,Lorenzo,Luca,Matteo,Paola,Paolo,Pietro,Raffaele,Riccardo,Salvatore,Silvia,Simona,Stefano}'::text[]
    when 'es' then '{Alejandro,Álvaro,Ángeles,Beatriz,Begoña,Carmen,Concepción,Cristóbal,Dolores,Eduardo,Encarnación,Enrique,Esteban,Fernando,Gonzalo,Guadalupe,Ignacio,Inés,Iván,Javier,Jesús,Jorge,José,Juan,Lourdes,Manuel,Mercedes,Montserrat,Pilar,Ramón,Rocío,Vicente}'::text[]
    when 'nl' then '{Anouk,Bart,Bas,Cas,Cornelis,Daan,Dirk,Femke,Floor,Gerrit,Hendrik,Ilse,Jacco,Jeroen,Jolanda,Joost,Joris,Kees,Lieke,Maaike,Marijke,Marloes,Mieke,Niels,Pieter,Roos,Ruud,Sanne,Sjoerd,Teun,Willem,Wouter}'::text[]
    else '{Abigail,Alfred,Alison,Barnaby,Beth,Brenda,Cedric,Chester,Clara,Colleen,Dennis,Dorothy,Edwin,Elsie,Eugene,Fiona,Gareth,Gemma,Gordon,Heather,Howard,Ivy,Jasper,Joyce,Keith,Lorna,Maude,Nigel,Olive,Percy,Rupert,Winifred}'::text[]
    end;

create or replace function signalbox_maskers.surnames(language text) returns text[]
language sql immutable parallel safe
return case language
    when 'de' then '{Ahlbrink,Amselfeld,Bachrain,Birkental,Bommhardt,Brackwede,Dachsberg,Dornbach,Eberthal,Eichgrund,Erlenkamp,Falkwart,Feldrain,Finkenau,Föhrling,Grauhorst,Haberkorn,Hagedorn,Harzwald,Heidreich,Hirschau,Holzmarkt,Immental,Kaltwasser,Kienast,Kornblum,Lerchner,Lindhof,Mühlgrund,Nordhang,Ochsenkühn,Pfahlbau,Quellmalz,Rabenau,Rosskamp,Sandgrube,Schilfrohr,Seebrand,Silbertau,Steinweg,Tannhof,Torfbrand,Uferkamp,Vogelsang,Wachtelau,Weidling,Wolkenstein,Zaunkamp}'::text[]
    when 'fr' then '{Aubrelle,Beaurivage,Belcastel,Boisclair,Bonnaval,Boutelier,Chandrelle,Chantemerle,Clairvaux,Courbefosse,Delorme,Duvalet,Épinay,Falaisier,Ferrandel,Fontbrune,Garancelle,Grandpré,Hautecour,Jolivart,Lagarenne,Lamirande,Lavigerie,Lormeau,Malassise,Marchebeuf,Mirecourt,Montclar,Noiretable,Orvillac,Passerel,Peyrolier,Pontarly,Prévallon,Quincampel,Rochebrune,Rouvillois,Sablonnet,Sauvageon,Sourdeval,Tavernel,Tournebise,Valdomir,Vauquelin,Verdelot,Viremont,Vouvrelle,Ysambert}'::text[]
    when 'it' then '{Acquaviva,Altobosco,Armandelli,Belcolle,Bellomonte,Boscarino,Brunelleto,Campofiore,Cantalupi,Casalvento,Castelbuono,Cerquaglia,Collefiorito,Cortebella,Dallapietra,Fontanarossa,Forteguerra,Frassinelli,Galeazzino,Ghirlandesi,Lagobianco,Lampugnano,Malaspini,Marcadoro,Montefalchi,Mortellaro,Nocentelli,Olivastri,Orsomando,Pecoraro,Pianforte,Poggiolini,Pratolungo,Quercetani,Roccaforte,Rondinelli,Saltarelli,Selvatici,Serravento,Spinabelli,Terranova,Torrechiara,Tramontani,Vallescura,Ventimiglia,Verdacqua,Zafferani,Zuccherino}'::text[]
    when 'es' then '{Aguaviva,Alcaparra,Almazorre,Arcofrío,Arroyuelo,Azucena,Bellosillo,Buenrostro,Calderuela,Campoverde,Cantavieja,Casaverde,Cienfuegos,Corralejo,Covarrubias,Encinares,Escalonilla,Espinardo,Fontecha,Frailejón,Fuencaliente,Gallardete,Granadilla,Hinojal,Labrador,Lagunero,Madroñal,Malpartida,Manzanedo,Mirasierra,Montecillo,Navalmoral,Olivarejo,Palomeque,Pedregal,Peñalba,Quintanar,Retamosa,Ribadeo,Roblecillo,Salmerón,Sotomonte,Tejadillo,Torrealba,Valdeolivas,Villaluenga,Zarzalejo,Zumalabe}'::text[]
    when 'nl' then '{Achterveld,Appelhof,Beekhuizen,Berkenbos,Blauwbroek,Bloemendaal,Boterdijk,Bruinsloot,Dennenkamp,Dijkgraver,Duinmeijer,Eikenrode,Elzinga,Grasland,Groenewal,Haverkort,Heideveld,Hoogwater,Houtgraaf,Kastelein,Klaverweide,Kloosterhof,Korenaar,Kreupelhout,Laagveld,Leeuwerik,Lindeboom,Meerkoet,Molenkamp,Nachtegaal,Oeverloos,Oosterwijk,Paardenkoper,Polderman,Rietveen,Roggeveld,Scheepmaker,Slotboom,Tarwekamp,Torenvalk,Turfsteker,Veenbrink,Vlasbloem,Waterreus,Weidema,Westerduin,Wilgenhof,Zandstroom}'::text[]
    else '{Ambleforth,Applegarth,Ashbrook,Barrowdale,Birchwell,Blackmere,Brambleton,Cobbleford,Copperfield,Cragmoor,Dalehurst,Darkwater,Elmsworth,Fairweather,Fallowfield,Farthingale,Fernsby,Foxglove,Goldenbrook,Greystoke,Hawksmoor,Hazelgrove,Honeycutt,Inglenook,Ironbridge,Kettlewell,Larkspur,Longstaff,Marshwood,Merriweather,Millbank,Moorcroft,Netherby,Nightingale,Oakenshaw,Pennyfeather,Quillfeather,Ravenscroft,Rosewarne,Silverdale,Somerfield,Stonehewer,Thistlewood,Underhay,Wetherby,Whitlock,Winterbourne,Yarrowby}'::text[]
    end;

create or replace function signalbox_maskers.trades(language text) returns text[]
language sql immutable parallel safe
return case language
    when 'de' then '{Handel,Logistik,Technik,Werkzeuge,Textil,Optik,Papier,Metallbau,Möbel,Elektronik,Gartenbau,Maschinen,Motoren,Verpackung,Farben,Druck}'::text[]
    when 'fr' then '{Négoce,Logistique,Outillage,Textiles,Optique,Papeterie,Métaux,Meubles,Électronique,Jardins,Machines,Moteurs,Emballages,Peintures,Imprimerie,Conseil}'::text[]
    when 'it' then '{Commercio,Logistica,Utensili,Tessuti,Ottica,Carta,Metalli,Arredi,Elettronica,Giardini,Macchine,Motori,Imballaggi,Vernici,Stampa,Servizi}'::text[]
    when 'es' then '{Comercio,Logística,Herramientas,Tejidos,Óptica,Papel,Metales,Muebles,Electrónica,Jardines,Máquinas,Motores,Embalajes,Pinturas,Imprenta,Servicios}'::text[]
    when 'nl' then '{Handel,Logistiek,Gereedschap,Textiel,Optiek,Papier,Metaal,Meubelen,Elektronica,Tuinbouw,Machines,Motoren,Verpakking,Verf,Drukwerk,Diensten}'::text[]
    else '{Trading,Logistics,Foods,Tools,Textiles,Optics,Paper,Plastics,Metals,Supplies,Interiors,Electronics,Gardens,Machines,Motors,Packaging}'::text[]
    end;

create or replace function signalbox_maskers.legal_forms(language text) returns text[]
language sql immutable parallel safe
return case language
    when 'de' then '{gmbh,mbh,ag,kg,ohg,ug,ek,ev,gbr,kgaa}'::text[]
    when 'fr' then '{sarl,sas,sasu,eurl,sci,snc,scop,sa}'::text[]
    when 'it' then '{srl,srls,spa,sapa}'::text[]
    when 'es' then '{sl,slu,sau,slne,slp}'::text[]
    when 'nl' then '{bv,nv,vof,cv}'::text[]
    else '{ltd,limited,llc,llp,inc,corp,plc,co,company,group,bank,holding,ab,oy,oyj,as,asa,aps,lda,ltda,kft,sro,doo,zoo}'::text[]
    end;

create or replace function signalbox_maskers.every_legal_form() returns text[]
language sql immutable parallel safe
return signalbox_maskers.legal_forms('en') || signalbox_maskers.legal_forms('de')
    || signalbox_maskers.legal_forms('fr') || signalbox_maskers.legal_forms('it')
    || signalbox_maskers.legal_forms('es') || signalbox_maskers.legal_forms('nl');

create or replace function signalbox_maskers.every_given_name() returns text[]
language sql immutable parallel safe
return signalbox_maskers.given_names('de') || signalbox_maskers.given_names('fr')
    || signalbox_maskers.given_names('it') || signalbox_maskers.given_names('es')
    || signalbox_maskers.given_names('nl');

create or replace function signalbox_maskers.person(hash bytea, language text) returns text
language sql stable parallel safe
return (signalbox_maskers.given_names(language))[1 + get_byte(hash, 0) % 32] || ' '
    || (signalbox_maskers.surnames(language))[1 + get_byte(hash, 1) % 48];

create or replace function signalbox_maskers.company(hash bytea, language text) returns text
language sql stable parallel safe
return ('{Amber,Anchor,Arbor,Astra,Aurora,Beacon,Borea,Candela,Cedar,Clipper,Cobalt,Comet,Copper,Coral,Corona,Delta,Domus,Ember,Falcon,Fjord,Flora,Forum,Garnet,Glacier,Granit,Harbor,Helios,Horizon,Indigo,Iris,Juniper,Kestrel,Komet,Laguna,Larix,Linea,Lotus,Luna,Magnet,Maris,Meridian,Mosaik,Nimbus,Nova,Onyx,Opal,Orbis,Orchid,Pallas,Pinus,Polar,Prisma,Quartz,Radius,Rubin,Saffron,Sierra,Solaris,Tempora,Terra,Topaz,Tundra,Vega,Zephyr}'::text[])[1 + get_byte(hash, 0) % 64]
    || ' ' || (signalbox_maskers.trades(language))[1 + get_byte(hash, 1) % 16]
    || ' ' || upper(encode(substr(hash, 3, 2), 'hex'));

create or replace function signalbox_maskers.language_of_company(form text) returns text
language sql stable parallel safe
return case when form = any (signalbox_maskers.legal_forms('en')) then 'en'
    when form = any (signalbox_maskers.legal_forms('de')) then 'de'
    when form = any (signalbox_maskers.legal_forms('fr')) then 'fr'
    when form = any (signalbox_maskers.legal_forms('it')) then 'it'
    when form = any (signalbox_maskers.legal_forms('es')) then 'es'
    when form = any (signalbox_maskers.legal_forms('nl')) then 'nl' end;

create or replace function signalbox_maskers.language_of_person(plain text) returns text
language plpgsql stable parallel safe as $$
declare
    first text;
begin
    if octet_length(plain) > length(plain) then
        return case
            when plain ~ '[äöüß]' then 'de'
            when plain ~ '[ñáíóú]' then 'es'
            when plain ~ '[òìù]' then 'it'
            when plain ~ '[àâçéèêëîïôûœ]' then 'fr'
            else 'en' end;
    elsif strpos(plain, ' van ') > 0 then
        return 'nl';
    end if;
    first := initcap(split_part(plain, ' ', 1));
    if first <> all (signalbox_maskers.every_given_name()) then
        return 'en';
    end if;
    return case
        when first = any (signalbox_maskers.given_names('de')) then 'de'
        when first = any (signalbox_maskers.given_names('fr')) then 'fr'
        when first = any (signalbox_maskers.given_names('it')) then 'it'
        when first = any (signalbox_maskers.given_names('es')) then 'es'
        else 'nl' end;
end $$;

-- A chain of replace takes a ninth of what translate takes with UTF-8.
create or replace function signalbox_maskers.unpunctuated(value text) returns text
language sql immutable parallel safe
return replace(replace(replace(replace(replace(value, '.', ''), ',', ''), '(', ''), ')', ''), '"', '');

-- A company is recognised by its legal form, which it keeps, or by a digit in its name.
create or replace function signalbox_maskers.one_name(value text) returns text
language plpgsql stable parallel safe as $$
declare
    is_plain boolean := value !~ '[0-9.,()"]';
    bare text := case when is_plain then value else signalbox_maskers.unpunctuated(value) end;
    plain text := lower(bare);
    hash bytea := signalbox_maskers.hash('name:', plain);
    language text;
begin
    if split_part(plain, ' ', -1) = any (signalbox_maskers.every_legal_form()) then
        language := signalbox_maskers.language_of_company(split_part(plain, ' ', -1));
        return signalbox_maskers.company(hash, language) || ' ' || split_part(value, ' ', -1);
    elsif not is_plain and (bare = value or plain ~ '[0-9]') then
        return signalbox_maskers.company(hash, 'en');
    end if;
    language := signalbox_maskers.language_of_person(plain);
    return signalbox_maskers.person(hash, language);
end $$;

-- Odoo shows a contact as "Company, Contact": each part gets the name that it gets alone.
create or replace function signalbox_maskers.contact_name(value text) returns text
language plpgsql stable parallel safe as $$
begin
    return (
        select string_agg(signalbox_maskers.one_name(part), ', ' order by place)
        from string_to_table(value, ', ') with ordinality as listed (part, place) where part <> '');
end $$;

create or replace function signalbox_maskers.mask_name(value text) returns text
language sql stable parallel safe
return case when strpos(value, ', ') = 0 then signalbox_maskers.one_name(value)
    else coalesce(signalbox_maskers.contact_name(value), signalbox_maskers.one_name(value)) end;

-- Numbers that their countries keep free for films and books, by country code: the number with six digits
-- at random, of which as many are used as there are free numbers. NULL where we know of none.
create or replace function signalbox_maskers.fictitious(number text, random text) returns text
language sql stable parallel safe
return case left(number, 2)
    when '33' then case when length(number) = 11 then '33' || case substr(number, 3, 1)
        when '1' then '19900' when '2' then '26191' when '3' then '35301' when '4' then '46571'
        when '5' then '53649' when '6' then '63998' when '7' then '63998' end || right(random, 4) end
    when '44' then '44' || case substr(number, 3, 1)
        when '7' then '7700900' when '2' then '2079460' else '1632960' end || right(random, 3)
    when '49' then '49' || case when substr(number, 3, 2) in ('15', '16', '17')
        then '17139200' || right(random, 2) else '3023125' || right(random, 3) end
    when '61' then case when length(number) = 11 and substr(number, 3, 1) in ('2', '3', '7', '8')
        then '61' || substr(number, 3, 1) || '5550' || right(random, 4) end
    else case
        when left(number, 1) = '1' and length(number) = 11
        then left(number, 4) || '55501' || right(random, 2)
        when left(number, 3) = '353' then '3532091' || right(random, 5) end end;

-- Digits that cannot be a number: what is kept, then 00 and as many at random as there is room for.
create or replace function signalbox_maskers.unassigned(number text, kept integer, random text) returns text
language sql immutable parallel safe
return left(number, kept) || left('00' || random, length(number) - kept);

-- The last eight digits identify a number in every spelling of it, with or without a country code. Where
-- no number is free they become 00 and six digits: no plan gives out subscriber numbers that start with 00.
create or replace function signalbox_maskers.mask_phone(value text) returns text
language plpgsql stable parallel safe as $$
declare
    compact text := replace(replace(replace(replace(value, ' ', ''), '+', ''), '-', ''), '.', '');
    hash bytea;
    random text;
begin
    if compact ~ '[^0-9]' then
        compact := regexp_replace(replace(value, '(0)', ''), '[^0-9]', '', 'g');
    end if;
    hash := signalbox_maskers.hash('phone:', right(compact, 8));
    random := substr((1000000 + signalbox_maskers.number(hash) % 1000000)::text, 2);
    if strpos(value, '+') = 0 then
        return signalbox_maskers.unassigned(compact, greatest(length(compact) - 8, 0), random);
    end if;
    return '+' || coalesce(signalbox_maskers.fictitious(compact, random),
        signalbox_maskers.unassigned(compact, greatest(length(compact) - 8, 3), random));
end $$;

create or replace function signalbox_maskers.english_street(hash bytea) returns text
language sql stable parallel safe
return 1 + get_byte(hash, 1) % 199 || ' ' ||
    ('{"Alder Way","Anchor Lane","Apple Street","Ash Road","Bay Street","Beech Lane","Birch Road","Brook Lane","Canal Street","Cedar Avenue","Cherry Street","Cliff Road","Elm Street","Fern Lane","Field Road","Garden Street"}'::text[])[1 + get_byte(hash, 0) % 16];

-- As people write them in front of a street's name in French, Spanish and Italian.
create or replace function signalbox_maskers.kinds_of_street() returns text[]
language sql immutable parallel safe
return '{rue,place,allée,chemin,boulevard,bd,quai,calle,c/,paseo,plaza,avenida,via,viale,corso,piazza}'::text[];

create or replace function signalbox_maskers.foreign_street(plain text, hash bytea) returns text
language sql stable parallel safe
return case
    when plain ~ 'straße|strasse|platz|gasse'
        then ('{Ahornweg,Am Anger,Amselweg,Birkenweg,Blumenstraße,Buchenallee,Dorfstraße,Eichenweg,Erlengrund,Feldstraße,Gartenstraße,Kastanienweg,Lindenallee,Mühlenweg,Rosenstraße,Wiesengrund}'::text[])[1 + get_byte(hash, 0) % 16]
            || ' ' || 1 + get_byte(hash, 1) % 199
    when plain ~ 'straat|laan |gracht'
        then ('{Beukenlaan,Berkenlaan,Bloemstraat,Dorpsstraat,Eikenlaan,Elzenhof,Esdoornlaan,Hofstraat,Kerkpad,Lindelaan,Molenweg,Populierlaan,Rozenstraat,Tuinstraat,Veldweg,Wilgenstraat}'::text[])[1 + get_byte(hash, 0) % 16]
            || ' ' || 1 + get_byte(hash, 1) % 199
    when plain ~ '(rue|place|allée|chemin|boulevard|bd|quai) '
        then 1 + get_byte(hash, 1) % 199 || ' ' ||
            ('{"allée des Acacias","chemin des Aulnes","rue des Bleuets","rue des Bouleaux","rue du Canal","rue des Cerisiers","rue des Chênes","chemin du Four","rue des Frênes","rue du Lavoir","allée des Lilas","rue du Moulin","rue des Peupliers","rue du Puits","rue des Saules","rue des Tilleuls"}'::text[])[1 + get_byte(hash, 0) % 16]
    when plain ~ '(calle|c/|paseo|plaza|avenida) '
        then ('{"Calle de los Álamos","Calle de la Alameda","Calle del Almendro","Calle de las Amapolas","Calle del Cerezo","Calle de la Encina","Calle de la Fuente","Calle de los Fresnos","Calle del Horno","Calle del Laurel","Calle del Molino","Calle de los Olivos","Calle del Pozo","Calle de los Rosales","Calle de los Sauces","Calle de los Tilos"}'::text[])[1 + get_byte(hash, 0) % 16]
            || ', ' || 1 + get_byte(hash, 1) % 199
    else ('{"Via degli Aceri","Via delle Acacie","Via dei Castagni","Via dei Ciliegi","Via dei Faggi","Via della Fonte","Via dei Frassini","Via dei Gelsi","Via dei Larici","Via del Mulino","Via degli Olmi","Via dei Pioppi","Via del Pozzo","Via delle Querce","Via dei Salici","Via dei Tigli"}'::text[])[1 + get_byte(hash, 0) % 16]
            || ', ' || 1 + get_byte(hash, 1) % 199
    end;

create or replace function signalbox_maskers.mask_street(value text) returns text
language plpgsql stable parallel safe as $$
declare
    plain text := lower(value);
    hash bytea := signalbox_maskers.hash('street:', plain);
begin
    if strpos(plain, 'stra') > 0 or strpos(plain, 'platz') > 0 or strpos(plain, 'gasse') > 0
        or strpos(plain, 'laan ') > 0 or strpos(plain, 'gracht') > 0
        or split_part(plain, ' ', 1) = any (signalbox_maskers.kinds_of_street())
        or split_part(plain, ' ', 2) = any (signalbox_maskers.kinds_of_street())
    then
        return signalbox_maskers.foreign_street(plain, hash);
    end if;
    return signalbox_maskers.english_street(hash);
end $$;

create or replace function signalbox_maskers.mask_city(value text) returns text
language sql stable parallel safe
return ('{Aldermere,Ashford Vale,Birchhaven,Brightwater,Cedarholm,Clearbrook,Coldwell,Dunmore,Eastbrook,Elmstead,Fairhollow,Fernwick,Glenrock,Greyfield,Hartmoor,Highmarsh,Kingsmead,Lakeshore,Longbridge,Maplewood,Millbrook,Northgate,Oakhurst,Pinecrest,Ravensford,Redcliff,Riverbend,Southmoor,Stonebridge,Thornbury,Westvale,Willowdale}'::text[])[1 + get_byte(signalbox_maskers.hash('city:', lower(value)), 0) % 32];

create or replace function signalbox_maskers.mask_identifier(value text) returns text
language sql stable parallel safe
return signalbox_maskers.digits('identifier:', signalbox_maskers.alphanumeric(value), length(value));

-- What the last two digits of a number add to Luhn's sum, the last one doubled.
create or replace function signalbox_maskers.pair(number bigint) returns integer
language sql immutable parallel safe
return ('{0,2,4,6,8,1,3,5,7,9,1,3,5,7,9,2,4,6,8,10,2,4,6,8,10,3,5,7,9,11,3,5,7,9,11,4,6,8,10,12,4,6,8,10,12,5,7,9,11,13,5,7,9,11,13,6,8,10,12,14,6,8,10,12,14,7,9,11,13,15,7,9,11,13,15,8,10,12,14,16,8,10,12,14,16,9,11,13,15,17,9,11,13,15,17,10,12,14,16,18}'::integer[])[(1 + number % 100)::integer];

-- ISO/IEC 7812: the digit that makes a number of up to ten digits pass Luhn's test.
create or replace function signalbox_maskers.luhn(number bigint) returns integer
language plpgsql immutable strict parallel safe as $$
begin
    return (1000 - signalbox_maskers.pair(number) - signalbox_maskers.pair(number / 100)
        - signalbox_maskers.pair(number / 10000) - signalbox_maskers.pair(number / 1000000)
        - signalbox_maskers.pair(number / 100000000)) % 10;
end $$;

-- ISO 7064 MOD 11,10: the check digit of German tax numbers.
create or replace function signalbox_maskers.mod_11_10(number text) returns integer
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

create or replace function signalbox_maskers.weighed(number text, weights integer[]) returns integer
language plpgsql immutable strict parallel safe as $$
begin
    return (select sum(digit * weight)
        from unnest(string_to_array(number, null)::integer[], weights) as pairs (digit, weight));
end $$;

-- A number with the digit behind it that makes its weighed sum divisible by 11 (sign -1) or equal to it
-- (sign 1); a number that would need a ten gets another last digit first.
create or replace function signalbox_maskers.checked_11(number text, weights integer[], sign integer) returns text
language plpgsql immutable strict parallel safe as $$
declare
    digit integer := (1100 + sign * signalbox_maskers.weighed(number, weights)) % 11;
begin
    if digit <> 10 then
        return number || digit;
    end if;
    return signalbox_maskers.checked_11(
        left(number, -1) || (right(number, 1)::integer + 1) % 10, weights, sign);
end $$;

create or replace function signalbox_maskers.french_vat(random bigint) returns text
language plpgsql immutable strict parallel safe as $$
declare
    siren bigint := random * 10 + signalbox_maskers.luhn(random);
begin
    return lpad(((12 + 3 * (siren % 97)) % 97)::text, 2, '0') || lpad(siren::text, 9, '0');
end $$;

-- The country's form with true check digits, from digits at random; NULL for countries that it does not know.
create or replace function signalbox_maskers.national_vat(country text, random text) returns text
language plpgsql immutable strict parallel safe as $$
begin
    return case country
        when 'BE' then '0' || left(random, 7) || lpad((97 - left(random, 7)::integer % 97)::text, 2, '0')
        when 'DE' then '1' || left(random, 7) || signalbox_maskers.mod_11_10('1' || left(random, 7))
        when 'ES' then 'B' || left(random, 7) || signalbox_maskers.luhn(left(random, 7)::bigint)
        when 'IT' then '1' || left(random, 6) || '015' || signalbox_maskers.luhn(('1' || left(random, 6) || '015')::bigint)
        when 'LU' then '1' || left(random, 5) || lpad((('1' || left(random, 5))::integer % 89)::text, 2, '0')
        when 'NL' then signalbox_maskers.checked_11('1' || left(random, 7), '{9,8,7,6,5,4,3,2}', 1) || 'B01'
        when 'AT' then 'U' || left(random, 7) || (signalbox_maskers.luhn((left(random, 7) || '0')::bigint) + 6) % 10
        when 'PL' then signalbox_maskers.checked_11('1' || left(random, 8), '{6,5,7,2,3,4,5,6,7}', 1)
        when 'PT' then '5' || left(random, 7)
            || (1100 - signalbox_maskers.weighed('5' || left(random, 7), '{9,8,7,6,5,4,3,2}')) % 11 % 10
        when 'DK' then signalbox_maskers.checked_11('1' || left(random, 6), '{2,7,6,5,4,3,2}', -1)
        when 'SE' then '55' || left(random, 7) || signalbox_maskers.luhn(('55' || left(random, 7))::bigint) || '01'
        when 'FI' then signalbox_maskers.checked_11(left(random, 7), '{7,9,10,5,8,4,2}', -1)
        when 'IE' then left(random, 7) || substr('WABCDEFGHIJKLMNOPQRSTUV',
            1 + signalbox_maskers.weighed(left(random, 7), '{8,7,6,5,4,3,2}') % 23, 1)
        when 'GB' then '1' || left(random, 6) || lpad(((9700
            - signalbox_maskers.weighed('1' || left(random, 6), '{8,7,6,5,4,3,2}')) % 97)::text, 2, '0')
        when 'CH' then 'E' || signalbox_maskers.checked_11('1' || left(random, 7), '{5,4,3,2,7,6,5,4}', -1)
        end;
end $$;

create or replace function signalbox_maskers.mask_vat(value text) returns text
language plpgsql stable parallel safe as $$
declare
    compact text := signalbox_maskers.alphanumeric(value);
    hash bytea := signalbox_maskers.hash('vat:', compact);
    random text;
begin
    if compact like 'FR%' then
        return 'FR' || signalbox_maskers.french_vat(signalbox_maskers.number(hash) % 100000000);
    end if;
    random := translate(left(encode(hash, 'hex'), greatest(length(compact), 8)), 'abcdef', '012345');
    if compact ~ '^[A-Z]{2}' then
        return left(compact, 2) || coalesce(
            signalbox_maskers.national_vat(left(compact, 2), random)
                || case when left(compact, 3) = 'CHE' then ltrim(substr(compact, 4), '0123456789') else '' end,
            left(random, length(compact) - 2));
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

-- The letter in front of an Italian account: digits at odd places count by a table of their own.
create or replace function signalbox_maskers.cin(account text) returns text
language plpgsql immutable strict parallel safe as $$
begin
    return (select chr(65 + (sum(case when place % 2 = 1
            then ('{1,0,5,7,9,13,15,17,19,21}'::integer[])[1 + digit] else digit end) % 26)::integer)
        from unnest(string_to_array(account, null)::integer[]) with ordinality as listed (digit, place));
end $$;

create or replace function signalbox_maskers.spanish_digit(number text) returns integer
language sql immutable strict parallel safe
return (11 - signalbox_maskers.weighed(number, '{1,2,4,8,5,10,9,7,3,6}') % 11) % 11
    - case when signalbox_maskers.weighed(number, '{1,2,4,8,5,10,9,7,3,6}') % 11 = 1 then 9 else 0 end;

-- The account with its country's own check digits, from digits at random; NULL where there are none that
-- it knows, or the original has another length.
create or replace function signalbox_maskers.national_account(country text, size integer, random text) returns text
language plpgsql immutable strict parallel safe as $$
begin
    return case country || size
        when 'BE12' then '001' || left(random, 7) || lpad((1 + (left('001' || random, 10)::bigint + 96) % 97)::text, 2, '0')
        when 'FR23' then left(random, 21) || lpad((97 - (89 * left(random, 5)::bigint
            + 15 * substr(random, 6, 5)::bigint + 3 * substr(random, 11, 11)::bigint) % 97)::text, 2, '0')
        when 'IT23' then signalbox_maskers.cin(left(random, 22)) || left(random, 22)
        when 'ES20' then left(random, 8) || signalbox_maskers.spanish_digit('00' || left(random, 8))
            || signalbox_maskers.spanish_digit(substr(random, 9, 10)) || substr(random, 9, 10)
        end;
end $$;

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
    random text := signalbox_maskers.digits('iban:', compact, length(compact));
    country text := left(compact, 2);
begin
    if compact ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$' then
        return signalbox_maskers.iban(country, coalesce(
            signalbox_maskers.national_account(country, length(compact) - 4, random),
            case when substr(compact, 5) ~ '[A-Z]'
                then signalbox_maskers.shaped(substr(compact, 5), random) else left(random, -4) end));
    end if;
    return random;
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
return '192.0.2.' || 1 + get_byte(signalbox_maskers.hash('ip:', value), 0) % 254;

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
