alter table runs add column cancelled text;
comment on column runs.cancelled is 'Who wants the run given up, and why; heeded between two attempts.';
