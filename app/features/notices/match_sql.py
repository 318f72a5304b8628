"""What every read of a notice's items is made of: where each is, and how far the work on it has come."""

# What travels is in transit whatever its state; what a contractor cleans is with the contractor.
PLACE = """
    CASE WHEN item.state IN ('scrapped', 'missing') THEN item.state
         WHEN item.state = 'dispatched'
           OR EXISTS (SELECT FROM consignment_line AS line WHERE line.item_id = item.id AND line.sent_at IS NOT NULL
                      AND line.arrived_at IS NULL AND line.missing_at IS NULL)
           OR EXISTS (SELECT FROM collection_line AS line WHERE line.item_id = item.id
                      AND line.picked_up_at IS NOT NULL AND line.collected_at IS NULL AND line.cancelled_at IS NULL)
         THEN 'in_transit'
         WHEN item.state IN ('on_loan', 'on_trial', 'awaiting_collection') THEN 'with_client'
         WHEN item.state = 'in_repair' THEN 'in_repair'
         WHEN item.state = 'decontaminating'
          AND EXISTS (SELECT FROM decontamination AS job WHERE job.item_id = item.id AND job.finished_at IS NULL
                      AND job.route = 'contractor')
         THEN 'with_contractor' ELSE 'in_store' END
"""
# What nobody can trace counts as missing, whatever its record says; what its record says is scrapped, is disposed of.
COUNTED_PLACE = f"""
    CASE WHEN match.outcome = 'untraceable' AND item.state <> 'scrapped' THEN 'missing' ELSE {PLACE} END
"""
# A line that ended the work says nothing any more of work that began again.
ACTION_STATE = """
    CASE WHEN match.outcome IS NOT NULL AND NOT (match.outcome = 'untraceable' AND item.state = 'scrapped')
         THEN match.outcome
         WHEN item.state = 'scrapped' THEN 'disposed'
         WHEN newest.action IN ('contacted', 'no_access', 'quarantined', 'inspected') THEN newest.action
         WHEN newest.action = 'corrected' THEN 'to_release' WHEN newest.to_confirm THEN 'to_confirm' ELSE 'open' END
"""
# What was caught after the last closing is no part of what was closed.
IS_APART = """
    (match.is_after_closing AND COALESCE(match.found_at >= (
        SELECT max(ended.closed_at) FROM notice_closing AS ended WHERE ended.notice_id = match.notice_id), false))
"""
# What was read off the label of an item, under any notice; and what our record said before that and says no more.
READINGS = """
    (SELECT jsonb_agg(jsonb_build_object('by', act.recorded_by, 'read', act.serial_read, 'before', act.serial_before)
                      ORDER BY act.id)
     FROM notice_match AS anywhere JOIN notice_match_action AS act ON act.match_id = anywhere.id
     WHERE anywhere.item_id = match.item_id AND act.serial_read IS NOT NULL)
"""
FORMER_SERIALS = """
    (SELECT string_agg(DISTINCT act.serial_before, ', ')
     FROM notice_match AS anywhere JOIN notice_match_action AS act ON act.match_id = anywhere.id
     WHERE anywhere.item_id = match.item_id AND act.serial_read IS NOT NULL
       AND act.serial_before IS DISTINCT FROM match.serial_number)
"""
MATCHES = f"""
    SELECT match.id, match.notice_id, match.item_id, match.scope_id, match.result, match.evidence, match.outcome,
           match.weakened_by, match.cause, match.found_at, match.first_blocked_at, match.is_after_closing,
           match.finished_at, item.barcode, item.serial_number, item.lot_number, item.state, item.product_id,
           {PLACE} AS recorded_place, {COUNTED_PLACE} AS place, {ACTION_STATE} AS action_state, {IS_APART} AS is_apart
    FROM notice_match AS match JOIN item ON item.id = match.item_id
    LEFT JOIN LATERAL (
        SELECT action, to_confirm FROM notice_match_action AS act WHERE act.match_id = match.id
        ORDER BY act.id DESC LIMIT 1
    ) AS newest ON true
    WHERE match.notice_id = :notice_id AND match.outcome IS DISTINCT FROM 'not_covered'
"""  # noqa: S608 - the parts are constants

IS_OLDER = """EXISTS (
    SELECT FROM safety_notice_version AS read JOIN safety_notice_version AS said ON said.notice_id = read.notice_id
    WHERE read.notice_id = notice.id AND read.number = scope.notice_version AND said.number = notice.version
      AND read.digest <> said.digest)"""
"""Whether the notice has another text now than that from which the scope was taken: other days alone are none."""
