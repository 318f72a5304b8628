-- Everything that happened to one item.
\set n :turn * :clients + :client_id + 1
\set n 1 + (:n % :items)
\set turn :turn + 1
SELECT movement.*, store.code FROM movement JOIN store ON store.id = movement.store_id
WHERE item_id = (SELECT item_id FROM bench_item WHERE n = :n) ORDER BY seq LIMIT 51;
