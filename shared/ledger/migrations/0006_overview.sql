create index runs_of_environment on runs (environment, created_at desc, id desc);
create index events_of_environment on events (environment, received_at desc);
create index parked_open on parked (parked_at desc) where resolution is null;
