-- An item on the shelf is handed to a client over the counter, and charged.
\set n :turn * :clients + :client_id + 1
\set turn :turn + 1
BEGIN;
SELECT item.id AS item, last_seq + 1 AS seq, store_id AS place, item.product_id AS product, client_id AS client
FROM bench_item JOIN item ON item.barcode = bench_item.barcode WHERE n = :n FOR UPDATE OF item \gset
UPDATE item SET state = 'on_loan', last_seq = :seq, last_hash = 'floor', last_moved_at = now(),
       times_issued = times_issued + 1, bay = NULL
WHERE id = :item;
INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, hash)
VALUES (:item, :seq, 'issue', 'in_stock', 'on_loan', 'floor', now(), :place, 'floor');
INSERT INTO loan (item_id, client_id, kind, started_at, started_by) VALUES (:item, :client, 'loan', now(), 'floor');
INSERT INTO charge (posting_id, kind, variant, period, happened_on, posted_at, posted_by, funder_id, percent,
                    amount_pence, basis, is_issue, item_id, movement_seq, product_id, category, recycled, store_id,
                    client_id)
VALUES (gen_random_uuid(), 'recycled_issue', '', month_to_post(current_date), current_date, now(), 'floor', :funder, 100, 2500, 'Floor.', true, :item,
        :seq, :product, '12 36 03', true, :place, :client);
COMMIT;
