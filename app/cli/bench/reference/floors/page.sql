-- What every page and call has to ask at the least: who is it?
SELECT account.id, account.username, account.name,
       ARRAY(SELECT role FROM account_role WHERE account_id = account.id ORDER BY role) AS roles
FROM sign_in JOIN account ON account.id = sign_in.account_id
WHERE sign_in.id = (SELECT max(id) FROM sign_in) AND sign_in.ended_at IS NULL AND account.is_active;
