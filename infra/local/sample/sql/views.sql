create view res_device as
select distinct on (user_id, platform, browser)
    id, session_identifier, platform, browser, ip_address, country, city, device_type, user_id, first_activity, last_activity, revoked
from res_device_log
where not revoked
order by user_id, platform, browser, last_activity desc;

create view hr_employee_public as
select id, name, active, company_id, department_id, job_id, job_title, user_id, work_email, work_phone, mobile_phone, work_contact_id,
    create_date, write_date
from hr_employee;
