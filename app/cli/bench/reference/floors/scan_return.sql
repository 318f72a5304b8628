-- One return at the desk with all its consequences: the rows that the service writes for it, each by its own statement.
-- Of a return are charged the drive and the credit, each in as many lines as funders paid for the issue.
\set n :turn * :clients + :client_id + 1
\set turn :turn + 1
BEGIN;
INSERT INTO return_scan (scan_id, kind, raw, store_id, received_at, received_by)
SELECT gen_random_uuid(), 'return', barcode, :store, now(), 'floor' FROM bench_item WHERE n = :n
RETURNING id AS scan \gset
SELECT id AS item, last_seq + 1 AS seq, product_id AS product FROM item
WHERE barcode = (SELECT barcode FROM bench_item WHERE n = :n) FOR UPDATE \gset
UPDATE item SET state = 'returned', last_seq = :seq, last_hash = 'floor', last_moved_at = now(), returned_seq = :seq,
       store_id = :store, bay = 'RETURNS'
WHERE id = :item;
INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, bay, hash)
VALUES (:item, :seq, 'return', 'awaiting_collection', 'returned', 'floor', now(), :store, 'RETURNS', 'floor');
UPDATE loan SET ended_at = now(), ended_by = 'floor' WHERE item_id = :item AND ended_at IS NULL;
UPDATE collection_line SET collected_at = now(), collected_by = 'floor'
WHERE item_id = :item AND collected_at IS NULL AND cancelled_at IS NULL RETURNING collection_id AS collection \gset
INSERT INTO decontamination (item_id, opened_at) VALUES (:item, now());
INSERT INTO charged_visit (key) VALUES ('floor:' || :collection) ON CONFLICT DO NOTHING;
INSERT INTO charge (posting_id, kind, variant, period, happened_on, posted_at, posted_by, funder_id, percent,
                    amount_pence, basis, item_id, movement_seq, product_id, category, store_id, collection_id)
SELECT md5(kind || ':' || :scan)::uuid, kind, '', month_to_post(current_date), current_date, now(), 'floor', payer,
       CASE place WHEN 1 THEN 100 - (cardinality(payers) - 1) * (100 / cardinality(payers))
       ELSE 100 / cardinality(payers) END, 500, 'Floor.', :item, :seq, :product, '12 36 03', :store, :collection
FROM bench_item, unnest(ARRAY['collection', 'credit']) AS kind, unnest(payers) WITH ORDINALITY AS paying (payer, place)
WHERE n = :n;
UPDATE return_scan SET outcome = 'accepted', result = '{"outcome": "accepted", "state": "returned", "next_step": {"route": "decontaminate", "text": "Take it to the cleaning bench."}, "holds": []}'
WHERE id = :scan;
COMMIT;
