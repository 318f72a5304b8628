-- An item on the shelf is kept for a client.
\set n :turn * :clients + :client_id + 1
\set turn :turn + 1
BEGIN;
SELECT id AS item, last_seq + 1 AS seq, store_id AS place FROM item
WHERE barcode = (SELECT barcode FROM bench_item WHERE n = :n) FOR UPDATE \gset
UPDATE item SET state = 'reserved', last_seq = :seq, last_hash = 'floor', last_moved_at = now() WHERE id = :item;
INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, hash)
VALUES (:item, :seq, 'reserve', 'in_stock', 'reserved', 'floor', now(), :place, 'floor');
INSERT INTO reservation (item_id, client_id, from_on, until_on, made_at, made_by)
SELECT :item, client_id, current_date, current_date + 7, now(), 'floor' FROM bench_item WHERE n = :n;
COMMIT;
