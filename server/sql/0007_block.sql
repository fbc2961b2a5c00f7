-- The hashes of the log's tree, a row for each in the order in which they became complete, become
-- blocks: a row for what 64 nodes of a level complete on the next five (server/ledger/blocks.c). What a
-- proof takes of the lowest six levels is then one row on one page.
CREATE TABLE block (
    place  INTEGER PRIMARY KEY, -- layer << 48 | number
    hashes BLOB NOT NULL        -- the last of a layer grows
) STRICT;

-- After a leaf whose number ends in n ones come n nodes. One after the other, as they were written:
-- nothing is sorted, so a long log takes no memory.
WITH RECURSIVE walk (place, leaf, level) AS (
    SELECT 0, 0, 0 WHERE EXISTS (SELECT 1 FROM node)
    UNION ALL
    SELECT place + 1,
           CASE WHEN (leaf >> level) & 1 THEN leaf ELSE leaf + 1 END,
           CASE WHEN (leaf >> level) & 1 THEN level + 1 ELSE 0 END
    FROM walk WHERE place < (SELECT max(place) FROM node))
INSERT INTO block (place, hashes)
SELECT (level / 6 << 48) | (leaf >> (level / 6 * 6 + 6)), hash
FROM walk CROSS JOIN node USING (place)
WHERE true
ON CONFLICT (place) DO UPDATE SET hashes = CAST(hashes || excluded.hashes AS BLOB);

DROP TABLE node;
