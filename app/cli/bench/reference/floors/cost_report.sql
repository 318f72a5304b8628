-- What a month was charged, by funder.
SELECT funder.code, count(*), sum(amount_pence), sum(vat_pence) FROM charge LEFT JOIN funder ON funder.id = funder_id
WHERE period = date_trunc('month', current_date - interval '2 months')::date GROUP BY funder.code ORDER BY funder.code;
