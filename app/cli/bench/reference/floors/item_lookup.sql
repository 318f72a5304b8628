-- One item by its barcode, with its product, its place, its holds, its loan and when it is to be inspected.
\set n :turn * :clients + :client_id + 1
\set n 1 + (:n % :items)
\set turn :turn + 1
SELECT item.*, product.code, product.name, store.code, loan.id, client.client_ref,
       (SELECT count(*) FROM hold WHERE item_id = item.id AND lifted_at IS NULL) AS holds,
       (SELECT min(due_on) FROM inspection_due WHERE item_id = item.id) AS due_on
FROM item JOIN product ON product.id = item.product_id JOIN store ON store.id = item.store_id
LEFT JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL LEFT JOIN client ON client.id = loan.client_id
WHERE item.barcode = (SELECT barcode FROM bench_item WHERE n = :n);
