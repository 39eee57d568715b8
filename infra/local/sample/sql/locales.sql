insert into sample.locale
select row_number() over (), x.*
from jsonb_to_recordset(%(people)s) x (lang text, country text, legal text[], mail text[], given text[], family text[],
    trades text[], streets text[], cities text[], address_format text, zip text, phones text[], mobiles text[],
    dial text, trunk text, "grouping" text[]);
