-- One legal move of every item that is put ready and stands in this state, counted and written as the ledger does it.
WITH step AS (
    SELECT CAST(:move AS text) AS move, CAST(:was AS text) AS was, CAST(:to AS text) AS leads_to
), moved AS (
    UPDATE item SET state = step.leads_to, last_seq = last_seq + 1, last_hash = 'bench', last_moved_at = now(),
           times_issued = times_issued + CASE WHEN step.move = 'issue' THEN 1 ELSE 0 END,
           bay = CASE WHEN step.leads_to NOT IN ('on_loan', 'awaiting_collection') THEN bay END
    FROM bench_item, step WHERE bench_item.item_id = item.id AND item.state = step.was
    RETURNING item.id, item.last_seq, item.store_id, item.bay
)
INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, bay, hash)
SELECT id, last_seq, step.move, step.was, step.leads_to, 'bench', now(), store_id, bay, 'bench' FROM moved, step
