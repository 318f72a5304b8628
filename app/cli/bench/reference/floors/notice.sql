-- Reading the register once, and writing as many bare rows as a notice holds items.
BEGIN;
SELECT count(*) FROM item JOIN product ON product.id = item.product_id WHERE item.received_on > '1900-01-01';
INSERT INTO bench_floor (item_id, placed_at, reason)
SELECT item.id, now(), 'Held.' FROM item JOIN product ON product.id = item.product_id ORDER BY item.id LIMIT :held;
COMMIT;
