-- The ledger's database, what owns everything in it, and the managed identity as its member, beside the administrator:
-- run by after-provision.sh in database postgres, as the latter. Safe to repeat. An identity of another region becomes
-- a member in the same way.
select pgaadauth_create_principal_with_oid(:'identity', :'principal', 'service', false, false)
where not exists (select from pg_roles where rolname = :'identity');

select format('create role %I', :'database')
where not exists (select from pg_roles where rolname = :'database') \gexec
grant :"database" to :"identity", current_user;

select format('create database %I', :'database')
where not exists (select from pg_database where datname = :'database') \gexec

\connect :"database"

-- The first process of the app makes its tables there.
grant create on schema public to :"database";
