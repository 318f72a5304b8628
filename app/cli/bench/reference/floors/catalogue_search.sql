-- The products with a word in their name, and how many of each are on the shelf.
\set n 100 + random(0, :products - 1)
SELECT product.*, (SELECT count(*) FROM item WHERE product_id = product.id AND state = 'in_stock') AS on_shelf
FROM product WHERE name ILIKE '%' || :n || '%' ORDER BY code LIMIT 51;
